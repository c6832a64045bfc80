import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderedPage } from './simulator-page.ts';
import { SIMULATOR_RULES } from './simulator-rules.ts';

const PAGE = new URL('../../docs/concepts/broker-simulator.md', import.meta.url);
const source = (path: string): URL => new URL(`../../${path}`, import.meta.url);

describe('docs/concepts/broker-simulator.md', () => {
  it('has the rules, texts and faults that the code has', () => {
    const page = readFileSync(PAGE, 'utf8');
    if (process.env['RENDER_DOCS'] === '1') writeFileSync(PAGE, renderedPage(page));
    expect(readFileSync(PAGE, 'utf8')).toBe(renderedPage(page));
  });

  it.each(Object.values(SIMULATOR_RULES).flat())('names a test that exists for: $rule', ({ file, test }) => {
    expect(existsSync(source(file))).toBe(true);
    const text = readFileSync(source(file), 'utf8');
    expect(text).toContain(`'${test}'`);
    // A test that is skipped or left to do holds nothing.
    expect(text).not.toMatch(/\b(?:it|describe|test)\.(?:skip|todo|only)\b/);
  });
});
