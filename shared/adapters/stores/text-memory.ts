/**
 * What texts say that were read lately. A text that is the same says the same, and a warm function is given the same ones
 * again and again: the policy in force, an order that rests. Whoever reads through it hands out what nobody may change.
 */
export class TextMemory<T> {
  readonly #textsMax: number;
  /** The latest last. */
  readonly #said = new Map<string, T>();

  constructor(textsMax: number) {
    this.#textsMax = textsMax;
  }

  /** What the text says. What `read` throws is thrown each time: a text that cannot be read is not remembered. */
  read(text: string, read: (text: string) => T): T {
    const known = this.#said.get(text);
    const said = known ?? read(text);
    if (known !== undefined) this.#said.delete(text);
    this.#said.set(text, said);
    for (const oldest of this.#said.keys()) {
      if (this.#said.size <= this.#textsMax) break;
      this.#said.delete(oldest);
    }
    return said;
  }
}

/** The value with all that is in it frozen, for what has no types that keep others from changing it. */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
