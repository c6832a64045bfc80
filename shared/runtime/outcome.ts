/**
 * The one table from what happened to what is answered: a queue learns whether to deliver again, an HTTP caller gets
 * problem+json. Refusals are answers, transient faults come again, bugs and permanent faults go to the dead letters.
 */
import * as z from 'zod';
import { Bug, Fault } from '#shared/core/kernel/fault.ts';
import { type Refusal, type RefusalCode, refusalStage } from '#shared/core/kernel/refusal.ts';

/** acknowledge: done, whatever the outcome. again: deliver once more. dead-letter: a person must look. */
export type QueueAnswer = 'acknowledge' | 'again' | 'dead-letter';

export type Trouble =
  | { readonly kind: 'transient' | 'uncertain' | 'permanent'; readonly code: string; readonly message: string }
  | { readonly kind: 'malformed'; readonly code: string; readonly message: string; readonly field: string | null }
  | { readonly kind: 'bug'; readonly code: string; readonly message: string };

/** Names what was thrown. Anything that is no Fault of ours counts as a bug. */
export function troubleOf(thrown: unknown): Trouble {
  if (thrown instanceof Fault) return { kind: thrown.kind, code: thrown.code, message: thrown.message };
  if (thrown instanceof z.ZodError) {
    const issue = thrown.issues[0];
    const field = issue === undefined || issue.path.length === 0 ? null : issue.path.map(String).join('.');
    return { kind: 'malformed', code: 'malformed', message: issue?.message ?? 'not readable', field };
  }
  if (thrown instanceof Bug) return { kind: 'bug', code: 'bug', message: thrown.message };
  return { kind: 'bug', code: 'unexpected', message: thrown instanceof Error ? thrown.message : String(thrown) };
}

export function queueAnswer(trouble: Trouble): QueueAnswer {
  switch (trouble.kind) {
    case 'transient':
    case 'uncertain':
      return 'again';
    case 'permanent':
    case 'malformed':
    case 'bug':
      return 'dead-letter';
  }
}

/** problem+json (RFC 9457) with a stable code, the field, and what would be right. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly field?: string;
  readonly context?: Readonly<Record<string, string>>;
}

const problem = (status: number, title: string, code: string, detail: string): Problem => ({
  type: `urn:belay:problem:${code}`,
  title,
  status,
  code,
  detail,
});

export function problemOf(trouble: Trouble): Problem {
  switch (trouble.kind) {
    case 'malformed':
      return {
        ...problem(400, 'The request is malformed', trouble.code, trouble.message),
        ...(trouble.field === null ? {} : { field: trouble.field }),
      };
    case 'transient':
    case 'uncertain':
      return problem(503, 'A dependency did not answer', trouble.code, trouble.message);
    case 'permanent':
    case 'bug':
      return problem(500, 'The house failed', trouble.code, 'see the log for what happened');
  }
}

/** Somebody else, or an earlier request, was first. */
const CONFLICTS: ReadonlySet<RefusalCode> = new Set([
  'idempotency-conflict',
  'order-already-ended',
  'policy-version-changed',
  'model-alias-changed',
  'basis-changed',
  'book-version-changed',
  'twin-order',
  'breaker-not-tripped',
  'breaker-cause-holds',
  'backfill-in-dry-run',
]);

/** 404 and 409 where the code says so, 503 for a safety gate, 422 for a limit. */
function refusalStatus(code: RefusalCode): number {
  if (code === 'order-not-found') return 404;
  if (CONFLICTS.has(code)) return 409;
  if (code === 'order-malformed') return 400;
  return refusalStage(code) === 'safety' ? 503 : 422;
}

export const problemOfRefusal = (refused: Refusal): Problem => ({
  ...problem(refusalStatus(refused.code), 'The request was refused', refused.code, refused.message),
  context: refused.context,
});
