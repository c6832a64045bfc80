/**
 * EventBridge's event patterns: a field matches when its value, or one of them where it is a list, meets one of the
 * pattern's conditions. Held to the documented operators; an unknown one is an error, because it would silently never
 * match.
 */
import { TemplateError } from '#infra/local/template/template-files.ts';
import type { EventPattern } from '#infra/local/template/house-plan.ts';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Tells whether one present value meets a condition. */
type Operator = (operand: unknown, value: unknown) => boolean;

const textual =
  (meets: (value: string, operand: string) => boolean): Operator =>
  (operand, value) =>
    typeof value === 'string' && typeof operand === 'string' && meets(value, operand);

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** Pairs of a comparison and a bound, all of which hold. */
const numeric: Operator = (operand, value) => {
  if (typeof value !== 'number' || !Array.isArray(operand)) return false;
  for (let index = 0; index < operand.length; index += 2) {
    const compare = COMPARISONS[String(operand[index])];
    if (compare === undefined || !compare(value, Number(operand[index + 1]))) return false;
  }
  return true;
};

const anythingBut: Operator = (operand, value) => {
  if (Array.isArray(operand)) return !operand.includes(value);
  if (isRecord(operand)) return !meetsCondition(operand, value);
  return operand !== value;
};

/** Stars stand for any text, also none. */
const wildcard = textual((value, operand) => {
  const source = operand
    .split('*')
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*');
  return new RegExp(`^${source}$`, 's').test(value);
});

const OPERATORS: Readonly<Record<string, Operator>> = {
  prefix: textual((value, operand) => value.startsWith(operand)),
  suffix: textual((value, operand) => value.endsWith(operand)),
  'equals-ignore-case': textual((value, operand) => value.toLowerCase() === operand.toLowerCase()),
  wildcard,
  numeric,
  'anything-but': anythingBut,
};

function meetsCondition(condition: unknown, value: unknown): boolean {
  if (!isRecord(condition)) return condition === value;
  return Object.entries(condition).every(([name, operand]) => OPERATORS[name]?.(operand, value) === true);
}

function meetsAny(conditions: readonly unknown[], value: unknown): boolean {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return conditions.some((condition) => {
    const exists = isRecord(condition) ? condition['exists'] : undefined;
    if (typeof exists === 'boolean') return exists === (value !== undefined);
    return value !== undefined && values.some((one) => meetsCondition(condition, one));
  });
}

/** Whether an event, or a stream's record, meets a pattern. */
export function matchesPattern(pattern: EventPattern, event: unknown): boolean {
  return Object.entries(pattern).every(([field, wanted]) => {
    if (field === '$or')
      return Array.isArray(wanted) && wanted.some((one) => isRecord(one) && matchesPattern(one, event));
    const value = isRecord(event) ? event[field] : undefined;
    if (Array.isArray(wanted)) return meetsAny(wanted, value);
    return isRecord(wanted) && matchesPattern(wanted, value);
  });
}

/** @throws TemplateError for an operator or a form that is not known. */
export function refuseUnknownPattern(pattern: EventPattern, where: string): void {
  for (const [field, wanted] of Object.entries(pattern)) {
    if (field === '$or' && Array.isArray(wanted)) {
      for (const one of wanted) refuseUnknownPattern(isRecord(one) ? one : {}, where);
    } else if (Array.isArray(wanted)) {
      for (const condition of wanted) refuseUnknownCondition(condition, `${where}: ${field}`);
    } else if (isRecord(wanted)) {
      refuseUnknownPattern(wanted, where);
    } else {
      throw new TemplateError(`${where}: ${field} of its pattern is neither a list nor an object`);
    }
  }
}

function refuseUnknownCondition(condition: unknown, where: string): void {
  if (!isRecord(condition)) return;
  for (const [name, operand] of Object.entries(condition)) {
    if (name !== 'exists' && !Object.hasOwn(OPERATORS, name)) {
      throw new TemplateError(`${where}: the local house does not understand the pattern's operator ${name}`);
    }
    if (name === 'anything-but' && isRecord(operand)) refuseUnknownCondition(operand, where);
  }
}
