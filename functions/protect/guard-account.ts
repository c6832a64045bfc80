/**
 * The post-trade monitor: each minute, when prices change, after a fill, and at once when a kill switch is engaged. What
 * one look begins the next goes on with, so that a run that dies anywhere only loses a minute.
 */
import { approximateMoney, subtractMoney } from '#shared/core/kernel/decimal.ts';
import { Bug, Fault } from '#shared/core/kernel/fault.ts';
import type { TradingState } from '#shared/core/safety/safety-facts.ts';
import type { HoldingCause, Watch } from '#shared/core/safety/watch.ts';
import { actOnPositions, measureNaked } from './act-on-positions.ts';
import { degradeAccount } from './degrade-account.ts';
import { driveMessage } from './lane-messages.ts';
import { type Look, type Occasion, type ProtectDependencies, takeLook } from './look.ts';
import type { PositionPlan } from '#shared/core/safety/position-plan.ts';
import { planPositions } from './plan-positions.ts';
import { flattenTripped, isFlattening, sweepKilled } from './sweep-orders.ts';
import { tripBreaker, watchCauses, type Watched } from './watch-causes.ts';

/** Looks that are taken anew because another one was written in between. */
const LOOKS_MAX = 3;

export type Guarded =
  | { readonly kind: 'not-initialised' | 'overtaken' }
  | { readonly kind: 'guarded'; readonly causes: readonly HoldingCause[] };

/** Duties that do not wait for one another: what one of them fails in is thrown once the others are done. */
class Duties {
  #first: Error | null = null;
  readonly #dependencies: ProtectDependencies;

  constructor(dependencies: ProtectDependencies) {
    this.#dependencies = dependencies;
  }

  /** @returns null where the duty failed */
  async do<T>(duty: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (thrown) {
      const code = thrown instanceof Fault ? thrown.code : 'bug';
      this.#dependencies.telemetry.error('a duty of protect failed', { duty, code }, thrown);
      this.#first ??= thrown instanceof Error ? thrown : new Bug('a duty threw what is no error', { cause: thrown });
      return null;
    }
  }

  /** @throws the first failure */
  end(): void {
    if (this.#first !== null) throw this.#first;
  }
}

/**
 * @throws Fault when a fact cannot be read or a duty failed: the next minute tries again, and the gates shut by
 * themselves meanwhile
 */
export async function guardAccount(dependencies: ProtectDependencies, occasion: Occasion): Promise<Guarded> {
  for (let taken = 0; taken < LOOKS_MAX; taken += 1) {
    const look = await takeLook(dependencies, occasion);
    if (look === null) return { kind: 'not-initialised' };
    const guarded = await guard(dependencies, look);
    if (guarded !== null) return guarded;
  }
  return { kind: 'overtaken' };
}

/** One look and what follows from it; null when another look was written in between. */
async function guard(dependencies: ProtectDependencies, seen: Look): Promise<Guarded | null> {
  const { accountId, watches, dryRun } = dependencies;
  const duties = new Duties(dependencies);
  const watched = await duties.do('monitor', async () => {
    const found = await watchCauses(dependencies, seen);
    return { ...found, tripped: await tripBreaker(dependencies, seen, found.causes) };
  });
  const look = watched?.tripped === true ? await asTripped(dependencies, seen) : seen;
  const plans = dryRun ? [] : await duties.do('positions', () => planPositions(dependencies, look));
  // Written before it is acted on: of two looks at the same moment one acts.
  if (!(await watches.save(accountId, look.watch.version, nextWatch(look, watched, plans)))) return null;
  await duties.do('kill-switch', () => sweepKilled(dependencies, look));
  await duties.do('act', () => actOnPositions(dependencies, look, plans ?? []));
  if (!dryRun) await duties.do('flatten', () => flattenTripped(dependencies, look));
  await duties.do('breaker', () => armBreaker(dependencies, look));
  if (!dryRun) await duties.do('exits', () => driveExits(dependencies, look, plans ?? []));
  const state = watched === null ? null : await duties.do('degrade', () => degradeAccount(dependencies, look, watched));
  measure(dependencies, look, plans ?? [], state ?? look.account.tradingState);
  duties.end();
  return { kind: 'guarded', causes: watched?.causes ?? [] };
}

/** The same look, with the account as the trip has left it. */
async function asTripped({ safety, accountId }: ProtectDependencies, look: Look): Promise<Look> {
  const { account } = await safety.read(accountId);
  return account === null ? look : { ...look, account };
}

/** What could not be looked at stays as it was remembered. */
const nextWatch = (look: Look, watched: Watched | null, plans: readonly PositionPlan[] | null): Watch => ({
  ...look.watch,
  ...watched?.watch,
  positions: plans === null ? look.watch.positions : plans.map((plan) => plan.watch),
});

/** Armed again once the quiet period is over. */
async function armBreaker(
  { safety, accountId, telemetry }: ProtectDependencies,
  { account, now }: Look,
): Promise<void> {
  if (account.breaker.state === 'QUIET_PERIOD' && (await safety.armBreaker(accountId, now))) {
    telemetry.warn('the quiet period is over, and the breaker is armed');
  }
}

/** Every exit that is open is driven again, each minute under a new attempt, until its share is flat. */
async function driveExits(
  { exits, lanes, accountId }: ProtectDependencies,
  look: Look,
  plans: readonly PositionPlan[],
): Promise<void> {
  const mayBeNew = isFlattening(look) || plans.some(({ exit }) => exit !== null);
  const open = mayBeNew ? await exits.all(accountId) : look.exits;
  const moving = open.filter(({ exit }) => exit.phase !== 'blocked');
  await lanes.send(moving.map(({ exit }) => driveMessage(exit, look.now)));
}

/** Ages are measured here and not only by the pass itself: a reconciler that stopped measures nothing. */
function measure(
  dependencies: ProtectDependencies,
  look: Look,
  plans: readonly PositionPlan[],
  tradingState: TradingState,
): void {
  const { telemetry } = dependencies;
  const { now, exposure, policy, open, account } = look;
  const isTripped = account.breaker.state === 'TRIPPED';
  telemetry.measure('BreakerTripped', isTripped ? 1 : 0);
  telemetry.measure('TradingDegraded', tradingState === 'ACTIVE' ? 0 : 1);
  if (isTripped) telemetry.measureFor('BreakerTripped', account.breaker.cause ?? 'unknown', 1);
  measureNaked(dependencies, look, plans);
  if (open === null) return;
  if (account.reconciledAt !== null) telemetry.measure('ReconciliationAgeS', (now - account.reconciledAt) / 1000);
  const limit = approximateMoney(policy.limits.grossExposureMax);
  if (limit > 0) telemetry.measure('LimitUse', (approximateMoney(exposure.committed) / limit) * 100);
  const { equity, equityAtOpen } = exposure;
  if (equity === null || equityAtOpen === null || equityAtOpen <= 0n) return;
  const lost = approximateMoney(subtractMoney(equityAtOpen, equity)) / approximateMoney(equityAtOpen);
  telemetry.measure('Drawdown', Math.max(0, lost * 100));
}
