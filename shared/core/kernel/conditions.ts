/**
 * Which named conditions an item does not meet. The comparison is the table service's own, made strict: a missing
 * attribute, or one of another type than the value asked for, fails every comparison, "differs" too.
 */
import { invariant } from './fault.ts';
import { compareNumbers } from './item-number.ts';
import type { Condition, Item, ItemTest, ItemValue } from './item.ts';

/**
 * Names of the conditions that do not hold, in their order; empty when all hold.
 * @param item the item as it was found, or null when there is none.
 * @throws Bug for a test that no item could be held to: an empty any/all, or an order asked of a type without one.
 */
export function failedConditions(item: Item | null, conditions: readonly Condition[]): readonly string[] {
  return conditions.filter((condition) => !holds(item, condition.test)).map((condition) => condition.name);
}

function holds(item: Item | null, test: ItemTest): boolean {
  switch (test.op) {
    case 'exists':
      return item !== null;
    case 'absent':
      return item === null;
    case 'has':
      return attributeOf(item, test.attribute) !== undefined;
    case 'lacks':
      return attributeOf(item, test.attribute) === undefined;
    case 'any':
      refuseEmpty(test.tests);
      return test.tests.some((part) => holds(item, part));
    case 'all':
      refuseEmpty(test.tests);
      return test.tests.every((part) => holds(item, part));
    case 'equals': {
      const found = attributeOf(item, test.attribute);
      return found !== undefined && equalValues(found, test.value);
    }
    case 'differs':
    case 'below':
    case 'at-most':
    case 'at-least':
    case 'above':
      return holdsInOrder(test.op, attributeOf(item, test.attribute), test.value);
  }
}

function refuseEmpty(tests: readonly ItemTest[]): void {
  invariant(tests.length > 0, 'a test of any or all needs at least one part');
}

function attributeOf(item: Item | null, attribute: string): ItemValue | undefined {
  return item !== null && Object.hasOwn(item, attribute) ? item[attribute] : undefined;
}

type OrderOp = 'differs' | 'below' | 'at-most' | 'at-least' | 'above';

function holdsInOrder(op: OrderOp, found: ItemValue | undefined, value: ItemValue): boolean {
  if ('BOOL' in value) {
    invariant(op === 'differs', `BOOL has no order: it can equal or differ, not be ${op}`);
    return found !== undefined && 'BOOL' in found && found.BOOL !== value.BOOL;
  }
  const order = orderOf(found, value);
  if (order === null) return false;
  switch (op) {
    case 'differs':
      return order !== 0;
    case 'below':
      return order < 0;
    case 'at-most':
      return order <= 0;
    case 'at-least':
      return order >= 0;
    case 'above':
      return order > 0;
  }
}

/** Null when the attribute is missing or of another type. */
function orderOf(found: ItemValue | undefined, value: ItemValue): number | null {
  if ('N' in value) return found !== undefined && 'N' in found ? compareNumbers(found.N, value.N) : null;
  if ('S' in value) return found !== undefined && 'S' in found ? compareTexts(found.S, value.S) : null;
  invariant('B' in value, `${Object.keys(value).join()} has no order: only N, S and B have one`);
  return found !== undefined && 'B' in found ? compareBytes(found.B, value.B) : null;
}

const encoder = new TextEncoder();

/** From this unit on the order of UTF-16 units is not that of the code points, which UTF-8 keeps. */
const FIRST_SURROGATE = 0xd800;

/** The order of the texts' UTF-8 bytes, which is not that of JavaScript's UTF-16 units. */
export function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const [a, b] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (a === b) continue;
    if (a < FIRST_SURROGATE && b < FIRST_SURROGATE) return a - b;
    return compareBytes(encoder.encode(left), encoder.encode(right));
  }
  return left.length - right.length;
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function equalValues(left: ItemValue, right: ItemValue): boolean {
  if ('N' in left) return 'N' in right && compareNumbers(left.N, right.N) === 0;
  if ('S' in left) return 'S' in right && left.S === right.S;
  if ('BOOL' in left) return 'BOOL' in right && left.BOOL === right.BOOL;
  if ('NULL' in left) return 'NULL' in right;
  if ('B' in left) return 'B' in right && compareBytes(left.B, right.B) === 0;
  if ('L' in left) {
    if (!('L' in right) || left.L.length !== right.L.length) return false;
    const others = right.L;
    return left.L.every((part, index) => equalOrMissing(part, others[index]));
  }
  if (!('M' in right)) return false;
  const names = Object.keys(left.M);
  const others = right.M;
  return (
    names.length === Object.keys(others).length &&
    names.every((name) => equalOrMissing(left.M[name], attributeOf(others, name)))
  );
}

function equalOrMissing(left: ItemValue | undefined, right: ItemValue | undefined): boolean {
  return left !== undefined && right !== undefined && equalValues(left, right);
}
