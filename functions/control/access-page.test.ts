import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderAccess } from './access-page.ts';

const PAGE = 'docs/concepts/access.md';

describe('the page of who may do what', () => {
  it('is what the tables say (UPDATE_PAGES=1 writes it)', () => {
    if (process.env['UPDATE_PAGES'] === '1') writeFileSync(PAGE, renderAccess());
    expect(readFileSync(PAGE, 'utf8')).toBe(renderAccess());
  });
});
