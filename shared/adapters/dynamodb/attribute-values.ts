/** Item values as the client's attribute values, and back. Numbers stay texts: exact both ways. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { DecimalError } from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { canonicalNumber } from '#shared/core/kernel/item-number.ts';
import type { Item, ItemKey, ItemValue } from '#shared/core/kernel/item.ts';

/** @throws Fault `permanent` for a number that is no plain decimal of at most 38 digits. */
export function toAttributeValue(value: ItemValue): AttributeValue {
  if ('S' in value) return { S: value.S };
  if ('N' in value) return { N: exactNumber(value.N) };
  if ('BOOL' in value) return { BOOL: value.BOOL };
  if ('NULL' in value) return { NULL: true };
  if ('B' in value) return { B: value.B };
  if ('L' in value) return { L: value.L.map(toAttributeValue) };
  return { M: toAttributeMap(value.M) };
}

function exactNumber(text: string): string {
  try {
    return canonicalNumber(text);
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    throw new Fault('permanent', 'tables-malformed', `a number attribute cannot be written: ${error.message}`, {
      cause: error,
    });
  }
}

export function toAttributeMap(item: Item): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(item).map(([attribute, value]) => [attribute, toAttributeValue(value)]));
}

export const toAttributeKey = (key: ItemKey): Record<string, AttributeValue> => ({
  pk: { S: key.pk },
  sk: { S: key.sk },
});

/** @throws Fault `permanent` for a kind of attribute that the house never writes, such as a set. */
export function fromAttributeMap(map: Readonly<Record<string, AttributeValue>>): Item {
  return Object.fromEntries(Object.entries(map).map(([attribute, value]) => [attribute, fromAttributeValue(value)]));
}

function fromAttributeValue(value: AttributeValue): ItemValue {
  if (value.S !== undefined) return { S: value.S };
  if (value.N !== undefined) return { N: value.N };
  if (value.BOOL !== undefined) return { BOOL: value.BOOL };
  if (value.NULL !== undefined) return { NULL: true };
  if (value.B !== undefined) return { B: value.B };
  if (value.L !== undefined) return { L: value.L.map(fromAttributeValue) };
  if (value.M !== undefined) return { M: fromAttributeMap(value.M) };
  const kind = Object.keys(value).join();
  throw new Fault('permanent', 'tables-item-unreadable', `an attribute of kind ${kind} was not written by this house`);
}
