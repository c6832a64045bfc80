/** What a law found: where, which rule, and what would be right. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

/** One line for each violation, ordered by place, fit for an editor to jump to. */
export const formatViolations = (violations: readonly Violation[]): string =>
  violations
    .toSorted((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1))
    .map(({ path, line, rule, message }) => `${path}:${line} [${rule}] ${message}`)
    .join('\n');
