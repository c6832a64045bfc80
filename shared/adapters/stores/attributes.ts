/** Items into values and back, strictly: an attribute that is missing or of another type is a fault that names it. */
import {
  formatMoney,
  formatPrice,
  formatQuantity,
  type Money,
  type Price,
  parseMoney,
  parsePrice,
  parseQuantity,
  type Quantity,
} from '#shared/core/kernel/decimal.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { type EpochMs, epochMs, type EpochNs, epochNs } from '#shared/core/kernel/instant.ts';
import type { Item, ItemValue } from '#shared/core/kernel/item.ts';

export const text = (value: string): ItemValue => ({ S: value });
export const textOrNull = (value: string | null): ItemValue => (value === null ? { NULL: true } : { S: value });
export const whole = (value: number): ItemValue => ({ N: String(value) });
export const wholeOrNull = (value: number | null): ItemValue => (value === null ? { NULL: true } : whole(value));
export const big = (value: bigint): ItemValue => ({ N: value.toString() });
export const flag = (value: boolean): ItemValue => ({ BOOL: value });
const price = (value: Price): ItemValue => ({ N: formatPrice(value) });
export const priceOrNull = (value: Price | null): ItemValue => (value === null ? { NULL: true } : price(value));
export const quantity = (value: Quantity): ItemValue => ({ N: formatQuantity(value) });
export const quantityOrNull = (value: Quantity | null): ItemValue =>
  value === null ? { NULL: true } : quantity(value);
export const money = (value: Money): ItemValue => ({ N: formatMoney(value) });
export const moneyOrNull = (value: Money | null): ItemValue => (value === null ? { NULL: true } : money(value));
export const list = (values: readonly ItemValue[]): ItemValue => ({ L: values });
export const map = (values: Item): ItemValue => ({ M: values });

/** Reads the attributes of one item or one nested map. Every method throws Fault `permanent` item-corrupt. */
export class ItemReader {
  readonly #item: Item;
  readonly #what: string;
  /** @param what names the item in errors, such as "order x-1" */
  constructor(item: Item, what: string) {
    this.#item = item;
    this.#what = what;
  }

  #value(attribute: string): ItemValue {
    const value = this.#item[attribute];
    if (value === undefined) throw this.corrupt(attribute, 'is missing');
    return value;
  }

  corrupt(attribute: string, fault: string): Fault {
    return new Fault('permanent', 'item-corrupt', `${this.#what}: ${attribute} ${fault}`);
  }

  has(attribute: string): boolean {
    const value = this.#item[attribute];
    return value !== undefined && !('NULL' in value);
  }

  text(attribute: string): string {
    const value = this.#value(attribute);
    if ('S' in value) return value.S;
    throw this.corrupt(attribute, 'is no text');
  }

  number(attribute: string): string {
    const value = this.#value(attribute);
    if ('N' in value) return value.N;
    throw this.corrupt(attribute, 'is no number');
  }

  whole(attribute: string): number {
    const value = Number(this.number(attribute));
    if (Number.isSafeInteger(value)) return value;
    throw this.corrupt(attribute, 'is no whole number');
  }

  flag(attribute: string): boolean {
    const value = this.#value(attribute);
    if ('BOOL' in value) return value.BOOL;
    throw this.corrupt(attribute, 'is neither true nor false');
  }

  bytes(attribute: string): Uint8Array {
    const value = this.#value(attribute);
    if ('B' in value) return value.B;
    throw this.corrupt(attribute, 'is no binary');
  }

  /** Reads a text or number through a parser of the kernel, whose complaint becomes the fault's cause. */
  parsed<T>(attribute: string, raw: string, parse: (raw: string) => T): T {
    try {
      return parse(raw);
    } catch (cause) {
      throw new Fault('permanent', 'item-corrupt', `${this.#what}: ${attribute} is not readable`, { cause });
    }
  }

  named<T>(attribute: string, parse: (text: string) => T): T {
    return this.parsed(attribute, this.text(attribute), parse);
  }

  oneOf<T extends string>(attribute: string, words: readonly T[]): T {
    const found = this.text(attribute);
    const word = words.find((candidate) => candidate === found);
    if (word === undefined)
      throw this.corrupt(attribute, `is ${JSON.stringify(found)}, not one of ${words.join(', ')}`);
    return word;
  }

  price(attribute: string): Price {
    return this.parsed(attribute, this.number(attribute), parsePrice);
  }
  quantity(attribute: string): Quantity {
    return this.parsed(attribute, this.number(attribute), parseQuantity);
  }
  money(attribute: string): Money {
    return this.parsed(attribute, this.number(attribute), parseMoney);
  }
  instant(attribute: string): EpochMs {
    return this.parsed(attribute, this.number(attribute), (raw) => epochMs(Number(raw)));
  }
  instantNs(attribute: string): EpochNs {
    return this.parsed(attribute, this.number(attribute), (raw) => epochNs(BigInt(raw)));
  }

  /** Null when the attribute is there and says NULL; a missing attribute is still a fault. */
  orNull<T>(attribute: string, read: (attribute: string) => T): T | null {
    return 'NULL' in this.#value(attribute) ? null : read(attribute);
  }

  /** What a safety fact counts as where it is missing or not readable: always what lets the least pass. */
  orClosed<T>(attribute: string, read: (attribute: string) => T, closed: T): T {
    try {
      return read(attribute);
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.code === 'item-corrupt') return closed;
      throw thrown;
    }
  }

  nested(attribute: string): ItemReader {
    const value = this.#value(attribute);
    if ('M' in value) return new ItemReader(value.M, `${this.#what}.${attribute}`);
    throw this.corrupt(attribute, 'is no map');
  }

  items(attribute: string): readonly ItemReader[] {
    const value = this.#value(attribute);
    if (!('L' in value)) throw this.corrupt(attribute, 'is no list');
    return value.L.map((entry, index) => {
      if ('M' in entry) return new ItemReader(entry.M, `${this.#what}.${attribute}[${index}]`);
      throw this.corrupt(attribute, `has no map at ${index}`);
    });
  }

  /** Every attribute of a map of texts. */
  allTexts(): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.keys(this.#item).map((name) => [name, this.text(name)]));
  }

  texts(attribute: string): readonly string[] {
    const value = this.#value(attribute);
    if (!('L' in value)) throw this.corrupt(attribute, 'is no list');
    return value.L.map((entry) => {
      if ('S' in entry) return entry.S;
      throw this.corrupt(attribute, 'holds something that is no text');
    });
  }
}
