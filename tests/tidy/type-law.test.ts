import { describe, expect, it } from 'vitest';
import { parseSource } from './source-file.ts';
import { checkTypes } from './type-law.ts';

const plant = (text: string, path = 'shared/core/order/planted.ts'): readonly string[] =>
  checkTypes(parseSource(path, text)).map(({ line, message }) => `${line} ${message}`);

const BRAND = "declare const brand: unique symbol;\nexport type Cleared = string & { readonly [brand]: 'Cleared' };\n";

describe('types', () => {
  it.each([
    ['`any`', 'const planted: any = 1;'],
    ['`any`', 'const planted: readonly any[] = [];'],
    ['a non-null `!`', 'const planted = found!;'],
    ['a definite `!`', 'let planted!: number;'],
    ['a definite `!`', 'class Planted { field!: number; }'],
    ['an `as`', 'const planted = found as string;'],
    ['an `as`', 'const planted = found as unknown as Price;'],
    ['a type assertion', 'const planted = <string>found;'],
    ['an enum', 'enum Planted { One }'],
    ['an enum', 'const enum Planted { One }'],
    ['a default export', 'export default 1;'],
    ['a default export', 'export { planted as default };'],
  ])('refuse %s: %s', (what, line) => {
    const found = plant(`const first = 1;\n${line}\n`);
    expect(found.length).toBeGreaterThan(0);
    for (const message of found) expect(message.startsWith(`2 ${what}`)).toBe(true);
  });

  it('take `as const`, satisfies, and names that begin with as', () => {
    expect(plant("const one = ['a'] as const;\nconst two = { a: 1 } satisfies Record<string, number>;\n")).toEqual([]);
    expect(plant("import { one as two } from './one.ts';\n")).toEqual([]);
  });

  it('let the file that declares a brand make it, and nothing else of it', () => {
    expect(plant(`${BRAND}export const clear = (text: string): Cleared => text as Cleared;\n`)).toEqual([]);
    expect(plant(`${BRAND}export const lie = (text: string): number => text as number;\n`)).toHaveLength(1);
    expect(plant('export const clear = (text: string): Cleared => text as Cleared;\n')).toHaveLength(1);
  });

  it('let a configuration export a default', () => {
    expect(plant('export default {};\n', 'vitest.config.ts')).toEqual([]);
  });

  it('hold in tests too', () => {
    expect(plant('const planted = found as string;\n', 'tests/journey/planted.test.ts')).toHaveLength(1);
  });
});
