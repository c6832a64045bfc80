/** What a runbook tells a person to call has to be there. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ROUTES } from '#functions/control/routes.ts';

const known = new Set(
  Object.values(ROUTES).map(({ method, path }) => `${method} ${path.replaceAll(/\{[^}]+\}/g, '{}')}`),
);
const called = readdirSync('docs/runbooks').flatMap((page) =>
  [...readFileSync(`docs/runbooks/${page}`, 'utf8').matchAll(/\b(GET|POST|PUT|DELETE) (\/api\/v1\/[^\s`?)]+)/g)].map(
    ([, method = '', path = '']) => ({ page, call: `${method} ${path.replaceAll(/\{[^}]+\}/g, '{}')}` }),
  ),
);

describe('runbooks', () => {
  it('name routes that exist', () => {
    expect(called.length).toBeGreaterThan(10);
    expect(called.filter(({ call }) => !known.has(call))).toEqual([]);
  });
});
