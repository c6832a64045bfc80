/** One source file, parsed: what the laws of the house look at. */
import { type Program, parseSync, type StaticExport, type StaticImport, Visitor } from 'oxc-parser';

/** One import, re-export or dynamic import of a file. */
export interface ImportEdge {
  /** As written, such as "#shared/core/kernel/hash.ts"; null where a dynamic import computes it. */
  readonly specifier: string | null;
  /** Names taken from the module; "*" for a namespace, a bare `export *` or a dynamic import. */
  readonly names: readonly string[];
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface SourceFile {
  /** From the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly imports: readonly ImportEdge[];
  /** Literal texts of `new URL('...', import.meta.url)`: files that are reached without an import. */
  readonly urls: readonly string[];
  /** Null when the file parsed; else the parser's first words. */
  readonly parseError: string | null;
  /** The line of an offset, from 1. */
  readonly lineAt: (offset: number) => number;
}

function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

/** `import { type X }` leaves an import behind when its types are erased; only `import type` leaves none. */
const isTypeStatement = (text: string, start: number): boolean =>
  /^(?:im|ex)port\s+type\s+(?!from\s*['"])[\w*{]/.test(text.slice(start, start + 200));

function edgeOfImport(found: StaticImport, text: string, line: number): ImportEdge {
  const names = found.entries.map((entry) => entry.importName.name ?? '*');
  return { specifier: found.moduleRequest.value, names, typeOnly: isTypeStatement(text, found.start), line };
}

function edgeOfExport(found: StaticExport, text: string, line: number): readonly ImportEdge[] {
  const from = found.entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest;
  if (from === undefined || from === null) return [];
  const names = found.entries.map((entry) => entry.importName.name ?? '*');
  return [{ specifier: from.value, names, typeOnly: isTypeStatement(text, found.start), line }];
}

/** The imports that only a walk of the tree shows: `import()` of values, `import('x').T` of types, and URLs. */
function walkForEdges(program: Program, lineAt: SourceFile['lineAt']) {
  const edges: ImportEdge[] = [];
  const urls: string[] = [];
  new Visitor({
    ImportExpression({ source, start }) {
      const specifier = source.type === 'Literal' && typeof source.value === 'string' ? source.value : null;
      edges.push({ specifier, names: ['*'], typeOnly: false, line: lineAt(start) });
    },
    TSImportType({ source, start }) {
      edges.push({ specifier: source.value, names: ['*'], typeOnly: true, line: lineAt(start) });
    },
    NewExpression({ callee, arguments: [first] }) {
      if (callee.type !== 'Identifier' || callee.name !== 'URL') return;
      if (first?.type === 'Literal' && typeof first.value === 'string') urls.push(first.value);
    },
  }).visit(program);
  return { edges, urls };
}

/** Parses one file. A syntax error does not throw: it is in `parseError`, so that the file is seen and named. */
export function parseSource(path: string, text: string): SourceFile {
  const { program, module, errors } = parseSync(path, text);
  const lineAt = lineCounter(text);
  const walked = walkForEdges(program, lineAt);
  const imports = [
    ...module.staticImports.map((found) => edgeOfImport(found, text, lineAt(found.start))),
    ...module.staticExports.flatMap((found) => edgeOfExport(found, text, lineAt(found.start))),
    ...walked.edges,
  ];
  return { path, text, program, imports, urls: walked.urls, parseError: errors[0]?.message ?? null, lineAt };
}

/** Unit tests, and the test rooms that belong to no single room. */
export const isTest = (path: string): boolean => path.startsWith('tests/') || /\.(test|bench)\.tsx?$/.test(path);
