/** What the checks of an order know of the model that its strategy trades by. */
import type { ModelStanding } from '#shared/core/risk/check.ts';
import type { ModelUse } from '#shared/core/signal/model/walk-forward.ts';

export const standingOf = (use: ModelUse): ModelStanding =>
  use.kind === 'none'
    ? use
    : {
        kind: 'active',
        version: use.model.version,
        trainedThrough: use.model.metadata.trainedThrough,
        pinned: use.pinned,
      };
