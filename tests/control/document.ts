/** Requests made of the OpenAPI document alone: what its schemas allow, and what breaks them. */
import fc from 'fast-check';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objectOf = (value: unknown): Json => (isObject(value) ? value : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Values that no schema of the API asks for. */
const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.integer(),
  fc.double(),
  fc.constantFrom(null, true, -1, 1e308, '', ' ', '0', '-0', '1e5', 'NaN', '__proto__', '../..', "' OR 1=1", [], {}),
  fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 }),
);

const numberIn = (schema: Json): fc.Arbitrary<number> => {
  const least = Number(schema['minimum'] ?? schema['exclusiveMinimum'] ?? -1000);
  const most = Number(schema['maximum'] ?? schema['exclusiveMaximum'] ?? 1000);
  return fc.oneof(
    fc.integer({ min: Math.ceil(least), max: Math.floor(Math.min(most, 1e9)) }),
    fc.constantFrom(least, most, 1, 100),
  );
};

/** Texts that name something in the house, so that a request gets further than "not found". */
const KNOWN = ['AAPL', 'MSFT', 'ma-crossover', 'manual', '2026-03-09', '1', '10', '100', 'control-1:20260309T093500'];

function textIn(schema: Json): fc.Arbitrary<string> {
  const { pattern } = schema;
  const known = KNOWN.filter((text) => typeof pattern !== 'string' || new RegExp(pattern).test(text));
  const made = typeof pattern === 'string' ? fc.stringMatching(new RegExp(pattern)) : fc.string({ minLength: 3 });
  return known.length === 0 ? made : fc.oneof(made, fc.constantFrom(...known));
}

/** Values that a schema allows. */
export function valueOf(schema: Json): fc.Arbitrary<unknown> {
  const choices = listOf(schema['anyOf'] ?? schema['oneOf']).map(objectOf);
  if (choices.length > 0) return fc.oneof(...choices.map(valueOf));
  if ('const' in schema) return fc.constant(schema['const']);
  if ('enum' in schema) return fc.constantFrom(...listOf(schema['enum']));
  switch (schema['type']) {
    case 'object':
      return objectIn(schema);
    case 'array':
      return fc.array(valueOf(objectOf(schema['items'])), { maxLength: 3 });
    case 'string':
      return textIn(schema);
    case 'integer':
      return numberIn(schema).map(Math.trunc);
    case 'number':
      return numberIn(schema);
    case 'boolean':
      return fc.boolean();
    default:
      return junk;
  }
}

function objectIn(schema: Json): fc.Arbitrary<unknown> {
  const properties = objectOf(schema['properties']);
  const required = listOf(schema['required']).map(String);
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, valueOf(objectOf(value))]),
  );
  return fc.record(fields, { requiredKeys: Object.keys(fields).filter((name) => required.includes(name)) });
}

/** A value of the schema with something wrong: a field gone, a field too many, or junk in place of a value. */
const brokenValueOf = (schema: Json): fc.Arbitrary<unknown> =>
  fc
    .tuple(valueOf(schema), junk, fc.constantFrom('drop', 'add', 'replace', 'whole'), fc.nat(20))
    .map(([value, stuff, how, at]) => {
      if (how === 'whole' || !isObject(value)) return stuff;
      const names = Object.keys(value);
      const name = names[at % Math.max(1, names.length)];
      if (how === 'add' || name === undefined) return { ...value, [`x${at}`]: stuff };
      if (how === 'replace') return { ...value, [name]: stuff };
      return Object.fromEntries(Object.entries(value).filter(([one]) => one !== name));
    });

export interface DocumentedRequest {
  readonly operationId: string;
  /** As the gateway names it, such as "GET /api/v1/positions". */
  readonly route: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const texts = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(objectOf(value)).flatMap(([name, one]) =>
      one === undefined ? [] : [[name, typeof one === 'string' ? one : JSON.stringify(one)]],
    ),
  );

function parameters(operation: Json, place: string): fc.Arbitrary<Readonly<Record<string, string>>> {
  const rows = listOf(operation['parameters'])
    .map(objectOf)
    .filter((row) => row['in'] === place);
  const properties = Object.fromEntries(rows.map((row) => [String(row['name']), row['schema']]));
  const required = rows.filter((row) => row['required'] === true).map((row) => row['name']);
  const schema = { type: 'object', properties, required };
  return fc
    .oneof({ weight: 5, arbitrary: valueOf(schema) }, { weight: 1, arbitrary: brokenValueOf(schema) })
    .map(texts);
}

function bodyFor(operation: Json): fc.Arbitrary<unknown> {
  const content = objectOf(objectOf(operation['requestBody'])['content']);
  const schema = objectOf(objectOf(content['application/json'])['schema']);
  if (Object.keys(schema).length === 0) {
    return fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: junk });
  }
  return fc.oneof({ weight: 3, arbitrary: valueOf(schema) }, { weight: 2, arbitrary: brokenValueOf(schema) });
}

/** Requests for any operation of the document. */
export function requestsOf(document: Json): fc.Arbitrary<DocumentedRequest> {
  const operations = Object.entries(objectOf(document['paths'])).flatMap(([path, item]) =>
    Object.entries(objectOf(item)).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path}`,
      operation: objectOf(operation),
    })),
  );
  return fc.oneof(
    ...operations.map(({ route, operation }) =>
      fc.record({
        operationId: fc.constant(String(operation['operationId'])),
        route: fc.constant(route),
        params: parameters(operation, 'path'),
        query: parameters(operation, 'query'),
        headers: parameters(operation, 'header').map((headers) =>
          Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
        ),
        body: bodyFor(operation),
      }),
    ),
  );
}
