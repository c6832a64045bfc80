/** The API as a page to read, made of the same table as the document. No script, no style from elsewhere. */
import { RATE_LIMITS } from './limits.ts';
import { CONTROL_ROUTES } from './openapi.ts';
import type { Route } from './routes.ts';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const row = (id: string, route: Route): string => {
  const limit = route.rate === 'halt' ? 'none' : `${RATE_LIMITS[route.rate]} a minute`;
  const cells = [
    `<code>${route.method} ${escaped(route.path)}</code>`,
    escaped(route.summary),
    route.permission ?? 'open',
    limit,
  ];
  return `<tr id="${id}">${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
};

export const docsPage = (): string =>
  [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Belay control API</title></head><body>',
    '<h1>Belay control API</h1>',
    '<p>Schemas: <a href="openapi.json">openapi.json</a>. Errors are problem+json with a stable code.</p>',
    '<table><thead><tr><th>route</th><th>what it does</th><th>permission</th><th>limit</th></tr></thead><tbody>',
    ...CONTROL_ROUTES.map(([id, route]) => row(id, route)),
    '</tbody></table></body></html>',
  ].join('\n');
