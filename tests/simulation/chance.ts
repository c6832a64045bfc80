/** Chance from a seed: the same seed draws the same, for ever and on any machine. */

/** FNV-1a over the text's code units, mixed until neighbours differ. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const WARM_UP = 12;
const RANGE = 4_294_967_296;

/** Draws by sfc32 (PractRand's small fast counter). */
export class Chance {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    this.#seed = seed;
    this.#a = hashOf(`${seed}/a`) | 0;
    this.#b = hashOf(`${seed}/b`) | 0;
    this.#c = hashOf(`${seed}/c`) | 0;
    for (let draw = 0; draw < WARM_UP; draw += 1) this.#draw();
  }

  #draw(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** In [0, 1). */
  fraction(): number {
    return this.#draw() / RANGE;
  }

  /** A whole number in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** A whole number from min to max, both included. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  happens(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** @throws RangeError for an empty list */
  pick<T>(items: readonly T[]): T {
    const picked = items[this.below(items.length)];
    if (picked === undefined) throw new RangeError('there is nothing to pick from');
    return picked;
  }

  /** Draws of their own for one purpose, whatever else is drawn. */
  fork(purpose: string): Chance {
    return new Chance(`${this.#seed}/${purpose}`);
  }
}
