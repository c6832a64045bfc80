/** What the checks of an order know of the model that its strategy trades by, and what is wrong with it. */
import type { StrategyId } from '#shared/core/kernel/identity.ts';
import type { CalendarDate } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { sessionBefore } from '#shared/core/market/session-calendar.ts';
import type { ModelStanding } from '#shared/core/risk/check.ts';
import { type ModelUse, trainedThroughFor } from '#shared/core/signal/model/walk-forward.ts';

export const standingOf = (use: ModelUse): ModelStanding =>
  use.kind === 'none'
    ? use
    : {
        kind: 'active',
        version: use.model.version,
        trainedThrough: use.model.metadata.trainedThrough,
        pinned: use.pinned,
      };

/** Why no entry of a strategy may go by its model in a session; null where one may. Its age is another question. */
export function modelRefusal(strategyId: StrategyId, model: ModelStanding, session: CalendarDate): Refusal | null {
  const whose = `the model of ${strategyId}`;
  if (model.kind === 'none') return refusal('model-unusable', `${whose} cannot be used: ${model.reason}`, {});
  const { version, trainedThrough, pinned } = model;
  if (trainedThrough >= session) {
    return refusal('model-not-fresh', `${whose} says to have seen a session that is not over`, { trainedThrough });
  }
  const due = trainedThroughFor(sessionBefore(session).date);
  if (pinned || trainedThrough === due) return null;
  return refusal('model-not-fresh', `${whose} was trained through ${trainedThrough}; the one through ${due} is due`, {
    version,
    trainedThrough,
    due,
  });
}
