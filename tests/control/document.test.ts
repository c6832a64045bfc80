import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRefusalCode, refusalStage } from '#shared/core/kernel/refusal.ts';
import { CONTROL_ROUTES, openApiDocument } from '#functions/control/openapi.ts';
import type { OperationSchema } from '#functions/control/operation-schema.ts';
import { OPERATIONS } from '#functions/control/operations.ts';
import { problemSchema } from '#functions/control/schemas.ts';
import type { ControlOperation } from '#functions/control/routes.ts';
import { type Answered, openHouse } from './control-house.ts';
import { hold } from './route-cases.ts';
import { type DocumentedRequest, requestsOf } from './document.ts';

const document = openApiDocument('build-1');
const SEQUENCES = 200;
const REQUESTS_EACH = 25;

const isOperation = (id: string): id is ControlOperation => Object.hasOwn(OPERATIONS, id);

/** A gate that is shut is an answer of the house, and only a person's change shuts one here. */
const isShutGate = (code: string): boolean => isRefusalCode(code) && refusalStage(code) === 'safety';

function expectSound(request: DocumentedRequest, answer: Answered, schema: OperationSchema): void {
  const shown = JSON.stringify({ request, answer: answer.text }).slice(0, 2000);
  if (answer.status < 400) {
    const body = answer.mediaType === 'application/json' ? answer.json() : answer.text;
    const read = schema.success.body.safeParse(body);
    if (!read.success) throw new Error(`the answer does not fit its schema: ${read.error.message} ${shown}`);
    if (answer.status !== schema.success.status) throw new Error(`another status than documented: ${shown}`);
    return;
  }
  const problem = problemSchema.parse(answer.json());
  if (problem.status !== answer.status) throw new Error(`the problem tells another status: ${shown}`);
  if (answer.status >= 500 && !(answer.status === 503 && isShutGate(problem.code))) throw new Error(`failed: ${shown}`);
  if (/at .+\.ts:\d+|node_modules/.test(answer.text)) throw new Error(`shows a stack: ${shown}`);
}

describe('the OpenAPI document', () => {
  it('has each operation once, with its answers and the problems', () => {
    const ids = [...JSON.stringify(document).matchAll(/"operationId":"([A-Za-z]+)"/g)].map((match) => match[1] ?? '');
    expect(ids.toSorted((a, b) => a.localeCompare(b))).toEqual(
      CONTROL_ROUTES.map(([id]) => id).sort((a, b) => a.localeCompare(b)),
    );
    expect(JSON.stringify(document)).not.toContain('undefined');
    expect(document).toMatchObject({ openapi: '3.1.0', components: { schemas: { Problem: { type: 'object' } } } });
  });

  it(`is kept to by ${SEQUENCES * REQUESTS_EACH} requests that it allows or forbids`, { timeout: 60_000 }, async () => {
    const seen = { requests: 0, succeeded: 0, operations: new Set<string>() };
    await fc.assert(
      fc.asyncProperty(
        fc.array(requestsOf(document), { minLength: REQUESTS_EACH, maxLength: REQUESTS_EACH }),
        async (requests) => {
          const house = await openHouse();
          await hold(house, '10');
          // Budgets have tests of their own; here every request is to get as far as it can.
          const open = { allowed: true, limit: 1, remaining: 1, resetMs: 1 };
          house.dependencies = { ...house.dependencies, rates: { take: () => Promise.resolve(open) } };
          for (const request of requests) {
            const { operationId: id, params, query, headers, body } = request;
            if (!isOperation(id)) throw new Error(`${id} is no operation`);
            // A wait would need somebody who moves the clock.
            const { wait: _, ...asked } = query;
            const answer = await house.ask(id, { params, query: asked, headers, body });
            expectSound(request, answer, OPERATIONS[id].schema);
            seen.requests += 1;
            if (answer.status < 400) seen.succeeded += 1;
            seen.operations.add(id);
          }
        },
      ),
      { seed: 8, numRuns: SEQUENCES },
    );
    expect(seen.requests).toBeGreaterThanOrEqual(5_000);
    expect(seen.operations.size).toBe(CONTROL_ROUTES.length);
    expect(seen.succeeded / seen.requests).toBeGreaterThan(0.2);
  });
});
