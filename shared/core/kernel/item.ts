/**
 * Items of a table, and conditions on them, as values. The same fragments are turned into expressions by the DynamoDB
 * adapter, are evaluated by the in-memory tables, and tell by name which of them failed.
 */

/** One attribute's value, in DynamoDB's own notation. Decimals are exact texts in N. */
export type ItemValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly B: Uint8Array }
  | { readonly L: readonly ItemValue[] }
  | { readonly M: { readonly [attribute: string]: ItemValue } };

export type Item = { readonly [attribute: string]: ItemValue };

/** Every table has the same two key attributes. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** One test of an item; a missing attribute, or one of another type, fails every comparison. Only N, S and B have an order. */
export type ItemTest =
  | { readonly op: 'exists' }
  | { readonly op: 'absent' }
  | { readonly op: 'has'; readonly attribute: string }
  | { readonly op: 'lacks'; readonly attribute: string }
  | {
      readonly op: 'equals' | 'differs' | 'below' | 'at-most' | 'at-least' | 'above';
      readonly attribute: string;
      readonly value: ItemValue;
    }
  | { readonly op: 'any' | 'all'; readonly tests: readonly ItemTest[] };

/** A test under a name. When a write fails, the names of the fragments that do not hold are the answer. */
export interface Condition {
  readonly name: string;
  readonly test: ItemTest;
}
