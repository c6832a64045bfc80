import { describe, expect, it } from 'vitest';
import { TextMemory } from './text-memory.ts';

/** Reads a text as an object of its own, and counts how often. */
function counted() {
  const texts: string[] = [];
  const read = (text: string): { readonly text: string } => {
    texts.push(text);
    if (text === 'broken') throw new RangeError('broken');
    return { text };
  };
  return { texts, read };
}

describe('the memory of texts', () => {
  it('reads a text once, and another one for itself', () => {
    const { texts, read } = counted();
    const memory = new TextMemory<{ readonly text: string }>(4);
    const first = memory.read('a', read);
    expect(memory.read('a', read)).toBe(first);
    expect(memory.read('b', read)).toEqual({ text: 'b' });
    expect(memory.read('a', read)).toBe(first);
    expect(texts).toEqual(['a', 'b']);
  });

  it('forgets the text that was asked for the longest ago', () => {
    const { texts, read } = counted();
    const memory = new TextMemory<{ readonly text: string }>(2);
    for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) memory.read(text, read);
    expect(texts).toEqual(['a', 'b', 'c', 'b']);
  });

  it('throws each time for a text that cannot be read', () => {
    const { texts, read } = counted();
    const memory = new TextMemory<{ readonly text: string }>(2);
    for (let time = 0; time < 2; time += 1) expect(() => memory.read('broken', read)).toThrow(RangeError);
    expect(texts).toEqual(['broken', 'broken']);
  });
});
