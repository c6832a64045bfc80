import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { isRefusalCode, refusalStage } from '#shared/core/kernel/refusal.ts';
import { CONTROL_ROUTES, openApiDocument } from '#functions/control/openapi.ts';
import type { OperationSchema } from '#functions/control/operation-schema.ts';
import { INTERNAL_ROUTES, ROUTES } from '#functions/control/routes.ts';
import { problemSchema, SCHEMAS, WEBHOOK_SCHEMA } from '#functions/control/schemas.ts';
import { ROUTES as GATEWAY_ROUTES } from '#infra/cloud/routes.ts';
import { type Answered, openHouse } from './control-house.ts';
import { lintDocument } from './lint-document.ts';
import { hold } from './route-cases.ts';
import { type DocumentedRequest, requestsOf } from './document.ts';

const document = openApiDocument('build-1');
const SEQUENCES = 204;
const REQUESTS_EACH = 25;

const keyOf = ({ method, path }: { readonly method: string; readonly path: string }): string => `${method} ${path}`;

const schemasByRoute: ReadonlyMap<string, OperationSchema> = new Map<string, OperationSchema>([
  ...[...CONTROL_ROUTES, ...INTERNAL_ROUTES].map(([id, route]) => [keyOf(route), SCHEMAS[id]] as const),
  [keyOf(ROUTES.receiveOrderUpdate), WEBHOOK_SCHEMA],
]);

/** A gate that is shut is an answer of the house, and only a person's change shuts one here. */
const isShutGate = (code: string): boolean => isRefusalCode(code) && refusalStage(code) === 'safety';

type Problem = z.output<typeof problemSchema>;

/** What is wrong with a problem, or null. @param cut whether the tables did not answer */
function unsoundProblem(answer: Answered, problem: Problem, cut: boolean): string | null {
  if (answer.mediaType !== 'application/problem+json') return 'has another media type';
  if (problem.status !== answer.status) return 'tells another status';
  if (answer.status < 500) return null;
  const excused = cut ? problem.code === 'dynamodb-unreachable' : isShutGate(problem.code);
  return answer.status === 503 && excused ? null : 'is a failure';
}

function expectSound(request: DocumentedRequest, answer: Answered, cut: boolean): void {
  const shown = JSON.stringify({ request, cut, answer: answer.text }).slice(0, 2000);
  const schema = schemasByRoute.get(request.route);
  if (schema === undefined) throw new Error(`the route has no schema: ${shown}`);
  if (/at .+\.ts:\d+|node_modules|-secret-/.test(answer.text)) throw new Error(`shows what it must not: ${shown}`);
  if (answer.headers['x-content-type-options'] !== 'nosniff') throw new Error(`lacks security headers: ${shown}`);
  if (answer.status >= 400) {
    const unsound = unsoundProblem(answer, problemSchema.parse(answer.json()), cut);
    if (unsound !== null) throw new Error(`the problem ${unsound}: ${shown}`);
    return;
  }
  const read = schema.success.body.safeParse(answer.mediaType === 'application/json' ? answer.json() : answer.text);
  if (!read.success) throw new Error(`the answer does not fit its schema: ${read.error.message} ${shown}`);
  if (answer.status !== schema.success.status) throw new Error(`another status than documented: ${shown}`);
}

describe('the OpenAPI document', () => {
  it('has every route of the gateway once, with its answers and the problems', () => {
    const routes = Object.entries(document['paths'] ?? {}).flatMap(([path, item]: readonly [string, unknown]) =>
      Object.keys(item ?? {}).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.toSorted()).toEqual(GATEWAY_ROUTES.map(keyOf).sort());
    const ids = [...JSON.stringify(document).matchAll(/"operationId":"([A-Za-z]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(routes.length);
    expect(JSON.stringify(document)).not.toContain('undefined');
    expect(document).toMatchObject({ openapi: '3.1.0', components: { schemas: { Problem: { type: 'object' } } } });
  });

  it('passes an outside linter without a warning, which finds what is planted', { timeout: 60_000 }, () => {
    expect(lintDocument(document)).toEqual({ errors: 0, warnings: 0, problems: [] });
    const { servers: _, ...planted } = document;
    expect(lintDocument(planted).problems.join()).toContain('no-empty-servers');
  });

  it(`is kept to by ${SEQUENCES * REQUESTS_EACH} requests that it allows or forbids`, { timeout: 60_000 }, async () => {
    const seen = { requests: 0, succeeded: 0, cut: 0, routes: new Set<string>() };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ request: requestsOf(document), chance: fc.nat(19) }), {
          minLength: REQUESTS_EACH,
          maxLength: REQUESTS_EACH,
        }),
        async (requests) => {
          const house = await openHouse();
          await hold(house, '10');
          // Budgets have tests of their own; here every request is to get as far as it can.
          const open = { allowed: true, limit: 1, remaining: 1, resetMs: 1 };
          house.dependencies = { ...house.dependencies, rates: { take: () => Promise.resolve(open) } };
          for (const { request, chance } of requests) {
            const { route, params, query, headers, body } = request;
            const cut = chance === 0;
            const mend = cut ? house.cutTables() : null;
            // A wait would need somebody who moves the clock.
            const { wait: _, ...asked } = query;
            const answer = await house.askRoute(route, { params, query: asked, headers, body });
            expectSound(request, answer, cut);
            mend?.();
            seen.requests += 1;
            if (answer.status < 400) seen.succeeded += 1;
            if (cut) seen.cut += 1;
            seen.routes.add(route);
          }
        },
      ),
      { seed: 8, numRuns: SEQUENCES },
    );
    expect(seen.requests).toBeGreaterThanOrEqual(5_000);
    expect(seen.routes.size).toBe(GATEWAY_ROUTES.length);
    expect(seen.cut).toBeGreaterThan(100);
    expect(seen.succeeded / seen.requests).toBeGreaterThan(0.2);
  });
});
