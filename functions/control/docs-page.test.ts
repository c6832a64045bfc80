import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DOCS_POLICY, docsPage } from './docs-page.ts';
import { openApiDocument } from './openapi.ts';

describe('the page of the API', () => {
  const page = docsPage('build-<1>');

  it('shows every operation of the document once', () => {
    const document = JSON.stringify(openApiDocument('build-1'));
    const ids = [...document.matchAll(/"operationId":"([A-Za-z]+)"/g)].map((match) => match[1]);
    const shown = [...page.matchAll(/<details id="([A-Za-z]+)">/g)].map((match) => match[1]);
    expect(shown.toSorted((a, b) => (a ?? '').localeCompare(b ?? ''))).toEqual(
      ids.toSorted((a, b) => (a ?? '').localeCompare(b ?? '')),
    );
  });

  it('lets the browser load its own style and nothing else, and writes no text as markup', () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(DOCS_POLICY).toBe(`default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'`);
    expect(page).not.toMatch(/<script|javascript:|\son[a-z]+=|https?:/i);
    expect(page).toContain('Build build-&lt;1&gt;.');
  });

  it('shows what a field may be', () => {
    expect(page).toContain('<td><code>side</code></td><td>yes</td><td>&quot;buy&quot; | &quot;sell&quot;</td>');
  });
});
