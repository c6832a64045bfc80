/** The API as a page to read, made of the OpenAPI document. No script, and nothing from elsewhere. */
import { bytesSha256 } from '#shared/runtime/signature.ts';
import { openApiDocument } from './openapi.ts';

type Json = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};
const listOf = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(objectOf) : []);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --get: #2563eb; --post: #15803d; --put: #b45309; --delete: #b91c1c }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1.5rem }
h1 { margin: 0 0 .25rem } h2 { margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); text-transform: capitalize }
nav { display: flex; flex-wrap: wrap; gap: .25rem .75rem; margin: 1rem 0 }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .4rem 0; padding: .4rem .75rem }
summary { cursor: pointer; display: grid; grid-template-columns: 4.5rem minmax(16rem, 2fr) 3fr; gap: .75rem; align-items: baseline }
summary b { font-size: .8rem; letter-spacing: .04em } .get { color: var(--get) } .post { color: var(--post) }
.put { color: var(--put) } .delete { color: var(--delete) }
code, pre { font: 13px/1.45 ui-monospace, monospace } pre { background: var(--soft); padding: .6rem; border-radius: .4rem; overflow-x: auto }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .2rem .5rem .2rem 0; border-bottom: 1px solid var(--soft) }
.meta { color: #888; margin: .4rem 0 }
@media (max-width: 50rem) { summary { grid-template-columns: 4rem 1fr } summary span { grid-column: 2 } }
`;

/** What the browser may load: this style and nothing else. */
export const DOCS_POLICY = `default-src 'none'; style-src 'sha256-${Buffer.from(
  bytesSha256(new TextEncoder().encode(STYLE)),
  'hex',
).toString('base64')}'; frame-ancestors 'none'`;

/** A schema in a few words, such as `"buy" | "sell"` or `text, at most 500 characters`. */
function typeOf(schema: Json): string {
  const choices = listOf(schema['anyOf'] ?? schema['oneOf']);
  if (choices.length > 0) return choices.map(typeOf).join(' | ');
  if ('const' in schema) return JSON.stringify(schema['const']);
  const words: unknown = schema['enum'];
  if (Array.isArray(words)) return words.map((word) => JSON.stringify(word)).join(' | ');
  const type = typeof schema['type'] === 'string' ? schema['type'] : 'any';
  if (type === 'array') return `list of ${typeOf(objectOf(schema['items']))}`;
  const bounds = [
    ['minimum', 'from'],
    ['maximum', 'to'],
    ['minLength', 'at least'],
    ['maxLength', 'at most'],
  ].flatMap(([key = '', says = '']) =>
    typeof schema[key] === 'number' && Math.abs(schema[key]) < 1e9 ? [`${says} ${schema[key]}`] : [],
  );
  return [type, ...bounds].join(' ');
}

const row = (cells: readonly string[]): string => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
const table = (head: readonly string[], rows: readonly string[]): string =>
  rows.length === 0
    ? ''
    : `<table><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;

function fieldsOf(schema: Json): string {
  const needed: unknown = schema['required'];
  const required = new Set<unknown>(Array.isArray(needed) ? needed : []);
  const rows = Object.entries(objectOf(schema['properties'])).map(([name, value]) =>
    row([`<code>${escaped(name)}</code>`, required.has(name) ? 'yes' : '', escaped(typeOf(objectOf(value)))]),
  );
  return table(['field', 'needed', 'what'], rows);
}

function parametersOf(operation: Json): string {
  const rows = listOf(operation['parameters']).map((parameter) =>
    row([
      `<code>${escaped(textOf(parameter['name']))}</code>`,
      escaped(textOf(parameter['in'])),
      parameter['required'] === true ? 'yes' : '',
      escaped(typeOf(objectOf(parameter['schema']))),
    ]),
  );
  return table(['parameter', 'in', 'needed', 'what'], rows);
}

function bodyOf(operation: Json): string {
  const content = objectOf(objectOf(operation['requestBody'])['content']);
  const schema = objectOf(objectOf(content['application/json'])['schema']);
  return Object.keys(schema).length === 0 ? '' : `<p class="meta">Body</p>${fieldsOf(schema)}`;
}

function answersOf(operation: Json): string {
  const rows = Object.entries(objectOf(operation['responses'])).map(([status, answer]) =>
    row([`<code>${escaped(status)}</code>`, escaped(textOf(objectOf(answer)['description']))]),
  );
  return table(['answer', 'when'], rows);
}

function operationSection(path: string, method: string, operation: Json): string {
  const id = escaped(textOf(operation['operationId']));
  return [
    `<details id="${id}"><summary><b class="${escaped(method)}">${escaped(method.toUpperCase())}</b>`,
    `<code>${escaped(path)}</code><span>${escaped(textOf(operation['summary']))}</span></summary>`,
    `<p class="meta">${escaped(textOf(operation['description']))}</p>`,
    parametersOf(operation),
    bodyOf(operation),
    answersOf(operation),
    '</details>',
  ].join('');
}

const EXAMPLE = `TOKEN=$(npm run --silent token -- --role operator)
curl -X POST -H "Authorization: Bearer $TOKEN" $API/api/v1/orders \\
  -d '{"symbol":"AAPL","side":"buy","qty":1,"type":"market","time_in_force":"day"}'`;

/** @param build names the version of the document */
export function docsPage(build: string): string {
  const document = openApiDocument(build);
  const operations = Object.entries(objectOf(document['paths'])).flatMap(([path, item]) =>
    Object.entries(objectOf(item)).map(([method, operation]) => ({ path, method, operation: objectOf(operation) })),
  );
  const tags = listOf(document['tags']).map(({ name }) => textOf(name));
  const tagOf = (operation: Json): string => {
    const names: unknown = operation['tags'];
    return Array.isArray(names) ? textOf(names[0]) : '';
  };
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => tagOf(operation) === tag);
    const shown = own.map(({ path, method, operation }) => operationSection(path, method, operation)).join('');
    return `<h2 id="tag-${escaped(tag)}">${escaped(tag)}</h2>${shown}`;
  });
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Belay control API</title>',
    `<style>${STYLE}</style></head><body>`,
    `<h1>Belay control API</h1><p class="meta">Build ${escaped(build)}. ${operations.length} operations. `,
    'The same as a document: <a href="openapi.json">openapi.json</a>.</p>',
    '<p>Whoever asks sends a token; errors are <code>application/problem+json</code> with a stable <code>code</code>, ',
    'the <code>field</code> at fault and what would be right. Decimals are texts. Budgets of requests are told in ',
    '<code>RateLimit-*</code>, and <code>Retry-After</code> where one is used up.</p>',
    `<pre>${escaped(EXAMPLE)}</pre>`,
    `<nav>${tags.map((tag) => `<a href="#tag-${escaped(tag)}">${escaped(tag)}</a>`).join('')}</nav>`,
    ...sections,
    '</body></html>',
  ].join('\n');
}
