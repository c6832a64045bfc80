/** Chances that a seed decides, for made-up markets only: the same seed gives the same stream on every machine. */
import { sha256Hex } from '#shared/core/kernel/hash.ts';

export interface SeededRandom {
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
}

/** A stream of its own for each name under a seed (generator: sfc32 of the PractRand suite). */
export function seededRandom(seed: number, name: string): SeededRandom {
  const digest = sha256Hex(`${seed}/${name}`);
  const word = (index: number): number => Number.parseInt(digest.slice(index * 8, index * 8 + 8), 16) | 0;
  let [a, b, c, counter] = [word(0), word(1), word(2), 1];
  const uniform = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let round = 0; round < 15; round += 1) uniform();
  // Box and Muller; both of a pair are used, so that a draw costs one uniform on average.
  let spare: number | null = null;
  const normal = (): number => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return { uniform, normal };
}
