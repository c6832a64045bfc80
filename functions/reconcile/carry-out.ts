/** Carries out what a person decided of an orphan. Adopting it is left to the settling, which has the order in hand. */
import type { Pass } from './pass.ts';

/** @throws Fault when the broker or the tables do not answer: the decision stays and is carried out by the next pass */
export async function carryOutDecisions(pass: Pass): Promise<void> {
  const { accountId, broker, mark, orphans, tally, telemetry } = pass;
  for (const { brokerOrderId, decision } of mark?.decisions ?? []) {
    switch (decision) {
      case 'adopt':
        // The order's news is settled anew: it is read as long as it is open or recent.
        break;
      case 'dismiss':
        await orphans.dismiss(accountId, brokerOrderId);
        break;
      case 'cancel': {
        const outcome = await broker.cancel(brokerOrderId);
        telemetry.info('an orphan is canceled', { brokerOrderId, outcome: outcome.kind });
        if (outcome.kind === 'throttled' || outcome.kind === 'ambiguous') continue;
        break;
      }
    }
    tally.carriedOut.push(brokerOrderId);
  }
}
