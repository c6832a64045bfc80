/** Conditions and updates as DynamoDB's expressions; every name and value goes by a placeholder. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { invariant } from '#shared/core/kernel/fault.ts';
import type { Condition, ItemTest, ItemValue } from '#shared/core/kernel/item.ts';
import type { UpdateWrite } from '#shared/ports/tables.ts';
import { toAttributeValue } from './attribute-values.ts';

/** The placeholders of one request; its expressions share them. */
export class Placeholders {
  readonly #names = new Map<string, string>();
  readonly #values: AttributeValue[] = [];

  name(attribute: string): string {
    const known = this.#names.get(attribute);
    if (known !== undefined) return known;
    const placeholder = `#n${this.#names.size}`;
    this.#names.set(attribute, placeholder);
    return placeholder;
  }

  value(value: ItemValue): string {
    this.#values.push(toAttributeValue(value));
    return `:v${this.#values.length - 1}`;
  }

  /** The parts of a request that say what the placeholders stand for; left out where there are none. */
  request(): {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, AttributeValue>;
  } {
    const names = Object.fromEntries([...this.#names].map(([attribute, placeholder]) => [placeholder, attribute]));
    const values = Object.fromEntries(this.#values.map((value, index) => [`:v${index}`, value]));
    return {
      ...(this.#names.size === 0 ? {} : { ExpressionAttributeNames: names }),
      ...(this.#values.length === 0 ? {} : { ExpressionAttributeValues: values }),
    };
  }
}

/** All conditions joined, or undefined when there are none. */
export function conditionExpression(conditions: readonly Condition[], placeholders: Placeholders): string | undefined {
  if (conditions.length === 0) return undefined;
  return conditions.map((condition) => testExpression(condition.test, placeholders)).join(' AND ');
}

function testExpression(test: ItemTest, placeholders: Placeholders): string {
  switch (test.op) {
    case 'exists':
      return `attribute_exists(${placeholders.name('pk')})`;
    case 'absent':
      return `attribute_not_exists(${placeholders.name('pk')})`;
    case 'has':
      return `attribute_exists(${placeholders.name(test.attribute)})`;
    case 'lacks':
      return `attribute_not_exists(${placeholders.name(test.attribute)})`;
    case 'any':
      return joined(test.tests, ' OR ', placeholders);
    case 'all':
      return joined(test.tests, ' AND ', placeholders);
    case 'equals':
    case 'differs':
    case 'below':
    case 'at-most':
    case 'at-least':
    case 'above':
      return comparison(test.op, test.attribute, test.value, placeholders);
  }
}

function joined(tests: readonly ItemTest[], operator: string, placeholders: Placeholders): string {
  invariant(tests.length > 0, 'a test of any or all needs at least one part');
  const parts = tests.map((test) => testExpression(test, placeholders));
  // The service refuses parentheses around a part that has its own.
  return parts.length === 1 ? parts.join() : `(${parts.join(operator)})`;
}

const OPERATORS = { equals: '=', below: '<', 'at-most': '<=', 'at-least': '>=', above: '>' } as const;

function comparison(
  op: keyof typeof OPERATORS | 'differs',
  attribute: string,
  value: ItemValue,
  placeholders: Placeholders,
): string {
  const name = placeholders.name(attribute);
  if (op === 'differs') {
    // The service's own <> holds for a missing attribute and for another type; here neither may pass.
    if ('BOOL' in value) return `${name} = ${placeholders.value({ BOOL: !value.BOOL })}`;
    refuseUnordered(value);
    const placeholder = placeholders.value(value);
    return `(${name} < ${placeholder} OR ${name} > ${placeholder})`;
  }
  if (op !== 'equals') refuseUnordered(value);
  return `${name} ${OPERATORS[op]} ${placeholders.value(value)}`;
}

function refuseUnordered(value: ItemValue): void {
  invariant('N' in value || 'S' in value || 'B' in value, `${Object.keys(value).join()} has no order`);
}

/** SET, ADD and REMOVE of an update. @throws Bug when it changes nothing. */
export function updateExpression(write: UpdateWrite, placeholders: Placeholders): string {
  const set = Object.entries(write.set ?? {}).map(
    ([attribute, value]) => `${placeholders.name(attribute)} = ${placeholders.value(value)}`,
  );
  const add = Object.entries(write.add ?? {}).map(
    ([attribute, number]) => `${placeholders.name(attribute)} ${placeholders.value({ N: number })}`,
  );
  const remove = (write.remove ?? []).map((attribute) => placeholders.name(attribute));
  invariant(set.length + add.length + remove.length > 0, `an update of ${write.table} changes nothing`);
  const clause = (keyword: string, parts: readonly string[]): string[] =>
    parts.length === 0 ? [] : [`${keyword} ${parts.join(', ')}`];
  return [...clause('SET', set), ...clause('ADD', add), ...clause('REMOVE', remove)].join(' ');
}
