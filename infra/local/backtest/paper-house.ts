/**
 * The house in one process and in discrete time: its lanes, its guards at the slots that a fast run keeps, its broker.
 * What happens, and in which order, is as `Conductor` has it; what each room does is the same pure rules.
 */
import type { CommandData } from '#events/catalogue.ts';
import { submitOrderOf } from '#events/order-command.ts';
import { contentId } from '#shared/core/kernel/hash.ts';
import { type CalendarDate, type EpochMs, epochMs, msOf } from '#shared/core/kernel/instant.ts';
import type { Refusal } from '#shared/core/kernel/refusal.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { currentSession, sessionOf } from '#shared/core/market/session-calendar.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import type { ClientOrderId, Ticker } from '#shared/core/kernel/identity.ts';
import type { Order, OrderIntent, Reason } from '#shared/core/order/order.ts';
import { shareOf, type StrategyShare, withShare } from '#shared/core/portfolio/book.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { heldSide, stopHit } from '#shared/core/portfolio/stop-rule.ts';
import {
  planPosition,
  type PositionPlan,
  type ProtectedShare,
  sharesToProtect,
} from '#shared/core/safety/position-plan.ts';
import type { PositionWatch } from '#shared/core/safety/watch.ts';
import type { Price } from '#shared/core/kernel/decimal.ts';
import type { Quote } from '#shared/core/market/types.ts';
import { advanceVenue, nextDueAt } from '#shared/core/venue/venue.ts';
import type { Venue } from '#shared/core/venue/venue-state.ts';
import type { VenueMarket } from '#shared/core/venue/venue-market.ts';
import { ROOMS } from '#infra/cloud/rooms.ts';
import type { ScheduleRow } from '#infra/cloud/equity-day.ts';
import { GuardPlan } from '#infra/local/run/guard-plan.ts';
import { EquityDayRow } from './equity-day-rows.ts';
import type { PaperDesk } from './paper-desk.ts';
import type { PaperLedger } from './paper-ledger.ts';

/** A command of the lanes, without its meta. */
export type PaperCommand =
  | { readonly type: 'submit-order.v1'; readonly data: CommandData<'submit-order.v1'> }
  | { readonly type: 'cancel-order.v1'; readonly data: CommandData<'cancel-order.v1'> }
  | { readonly type: 'drive-exit.v1'; readonly data: CommandData<'drive-exit.v1'> };

/** A look from which nothing followed, and what it saw. */
interface Calm {
  readonly changes: number;
  readonly day: CalendarDate;
  readonly shares: readonly ProtectedShare[];
}

interface Message {
  readonly command: PaperCommand;
  /** Yields the instants that its function sleeps until. */
  readonly act: () => Iterator<EpochMs, unknown>;
}

/** A function that sleeps; its group stays locked on its lane until it has ended. */
interface Sleeper {
  readonly at: EpochMs;
  readonly work: Iterator<EpochMs, unknown>;
  readonly lock: string;
}

type LaneName = 'urgent' | 'orders';

/** Work that is done at once, and nobody sleeps for. */
const once = (work: () => void): Iterator<EpochMs, unknown> => ({
  next: () => {
    work();
    return { done: true, value: null };
  },
});

/** Two slots of the quotes; an older one is no price that a stop could be held to. */
const QUOTE_AGE_MS_MAX = 120_000;
const MINUTE_MS = 60_000;

const scheduleOf = (room: string, kind: string): ScheduleRow => {
  const found = ROOMS.flatMap((row) => (row.room === room ? row.schedules : [])).find((row) => row.kind === kind);
  if (found === undefined) throw new RangeError(`no schedule ${kind} wakes ${room}`);
  return found;
};

/** Steps of the day that guards look before. */
const STEPS = [
  ['ingest', 'daily-bars'],
  ['signal', 'signals'],
  ['orchestrate', 'decide'],
  ['report', 'day-end'],
] as const;

type Step = (typeof STEPS)[number][1];

export interface PaperHouseParts {
  readonly ledger: PaperLedger;
  readonly desk: PaperDesk;
  readonly policy: Policy;
  readonly venue: Venue;
  readonly quotes: Pick<VenueMarket, 'quoteAt'>;
  /** Average true range as of the session before a position was opened; null while the bars do not tell. */
  readonly rangeOf: (symbol: Ticker, share: StrategyShare, now: EpochMs) => Price | null;
  /** Told of the steps of the day that are the run's own. */
  readonly onStep: (step: Step, now: EpochMs) => void;
  readonly startAt: EpochMs;
}

export class PaperHouse {
  readonly #parts: PaperHouseParts;
  /** In the order in which those of one instant are fired. */
  readonly #rows = {
    pass: new EquityDayRow(scheduleOf('reconcile', 'pass')),
    quotes: new EquityDayRow(scheduleOf('ingest', 'quotes')),
    guard: new EquityDayRow(scheduleOf('protect', 'guard')),
  };
  readonly #plan = new GuardPlan(Object.values(this.#rows), new Map());
  readonly #steps = new Map<Step, { readonly row: EquityDayRow; next: EpochMs | null }>();
  readonly #lanes: Readonly<Record<LaneName, Message[]>> = { urgent: [], orders: [] };
  readonly #sent = new Set<string>();
  readonly #sleepers: Sleeper[] = [];
  readonly #handed: PaperCommand[] = [];
  #watches: readonly PositionWatch[] = [];
  #now: EpochMs;
  /** When the quotes were read last. */
  #quotesAt: EpochMs | null = null;
  /** Facts that wake protect. */
  #wakes = 0;
  #stirred = false;
  #calm: Calm | null = null;

  constructor(parts: PaperHouseParts) {
    this.#parts = parts;
    this.#now = parts.startAt;
    for (const [room, kind] of STEPS) {
      const row = new EquityDayRow(scheduleOf(room, kind));
      this.#steps.set(kind, { row, next: row.next(parts.startAt) });
    }
  }

  get now(): EpochMs {
    return this.#now;
  }

  /** Commands as the lanes handed them on. */
  get commands(): readonly PaperCommand[] {
    return this.#handed;
  }

  /** Puts a decision's order on its lane. */
  send(intent: OrderIntent, onRefused: (why: Refusal) => void): void {
    const id = clientOrderIdFor(intent.terms, intent.decision);
    const { desk } = this.#parts;
    const { purpose } = intent;
    const clock = (): EpochMs => this.#now;
    function* act(): Generator<EpochMs, void> {
      if (purpose === 'exit' || purpose === 'flatten') {
        const why = yield* desk.close({ ...intent, purpose }, clock);
        if (why !== null) onRefused(why);
        return;
      }
      const placed = desk.place(intent, clock());
      if (!placed.ok) onRefused(placed.error);
    }
    const command = { type: 'submit-order.v1', data: submitOrderOf(intent, id) } as const;
    this.#put(purpose === 'entry' ? 'orders' : 'urgent', `${id}:1`, { command, act });
  }

  #put(lane: LaneName, dedupId: string, message: Message): void {
    if (this.#sent.has(dedupId)) return;
    this.#sent.add(dedupId);
    this.#lanes[lane].push(message);
  }

  /** Everything that happens up to and including an instant. */
  runUntil(end: EpochMs): void {
    for (;;) {
      this.#drain();
      this.#plan.planDay(this.#now);
      if (this.#stirred) this.#plan.planAfter(this.#now);
      this.#stirred = false;
      const happens = this.#next(end);
      if (happens === null) break;
      this.#now = epochMs(Math.max(this.#now, happens.at));
      happens.act();
    }
    this.#now = epochMs(Math.max(this.#now, end));
    this.#drain();
  }

  #drain(): void {
    const { ledger, desk } = this.#parts;
    for (;;) {
      this.#wakeSleepers();
      const moved = this.#advanceVenue();
      const told = desk.settleNews();
      this.#wakes += ledger.takeFilled();
      if (moved || told) {
        this.#stirred = true;
        continue;
      }
      if (this.#deliver('urgent') || this.#deliver('orders')) {
        this.#stirred = true;
        continue;
      }
      if (this.#wakes === 0) return;
      this.#wakes -= 1;
      this.#protect();
    }
  }

  /** Hands on the oldest message of a lane whose group is free. */
  #deliver(lane: LaneName): boolean {
    const messages = this.#lanes[lane];
    const lockOf = ({ command }: Message): string => `${lane} ${command.data.symbol}`;
    const index = messages.findIndex((message) => !this.#sleepers.some(({ lock }) => lock === lockOf(message)));
    const [message] = index < 0 ? [] : messages.splice(index, 1);
    if (message === undefined) return false;
    this.#handed.push(message.command);
    this.#workOn({ work: message.act(), lock: lockOf(message) });
    return true;
  }

  #workOn(message: Omit<Sleeper, 'at'>): void {
    const { done, value } = message.work.next();
    if (done !== true) this.#sleepers.push({ ...message, at: value });
  }

  #wakeSleepers(): void {
    for (const sleeper of this.#sleepers.filter(({ at }) => at <= this.#now)) {
      this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
      this.#workOn(sleeper);
    }
  }

  #advanceVenue(): boolean {
    const { venue } = this.#parts;
    const due = nextDueAt(venue);
    if (due === null || due > this.#now) return false;
    advanceVenue(venue, this.#now);
    return true;
  }

  /** Of one instant guards go first, then steps, then the venue; guards are planned before what may disturb them. */
  #next(end: EpochMs): { readonly at: EpochMs; readonly act: () => void } | null {
    const step = this.#nextStep();
    const due = nextDueAt(this.#parts.venue);
    const venueAt = due === null ? null : epochMs(Math.max(due, this.#now));
    const disturbance = step !== null && (venueAt === null || step.at <= venueAt) ? step.at : venueAt;
    if (disturbance !== null && disturbance <= end) this.#plan.planBefore(disturbance, this.#now);
    const guard = this.#plan.next();
    const guardAt = guard === null ? null : epochMs(Math.max(guard.slot, this.#now));
    const midnight = this.#plan.nextDayAt(this.#now);
    const wakesAt = Math.min(...this.#sleepers.map(({ at }) => at));
    const first = Math.min(
      midnight,
      wakesAt,
      guardAt ?? Number.POSITIVE_INFINITY,
      step?.at ?? Number.POSITIVE_INFINITY,
      venueAt ?? Number.POSITIVE_INFINITY,
    );
    if (first > end) return null;
    if (first === midnight || first === wakesAt) return { at: epochMs(first), act: () => undefined };
    if (guard !== null && guardAt === first) {
      return {
        at: guardAt,
        act: () => {
          this.#plan.done(guard);
          this.#fire(guard.row);
        },
      };
    }
    if (step !== null && step.at === first) return step;
    return {
      at: epochMs(first),
      act: () => {
        this.#stirred = this.#advanceVenue();
      },
    };
  }

  #nextStep(): { readonly at: EpochMs; readonly act: () => void } | null {
    let found: { readonly kind: Step; readonly slot: EpochMs } | null = null;
    for (const [kind, { next }] of this.#steps) {
      if (next !== null && (found === null || next < found.slot)) found = { kind, slot: next };
    }
    if (found === null) return null;
    const { kind, slot } = found;
    const act = (): void => {
      const step = this.#steps.get(kind);
      if (step !== undefined) step.next = step.row.next(slot);
      this.#parts.onStep(kind, this.#now);
    };
    return { at: epochMs(Math.max(slot, this.#now)), act };
  }

  #fire(row: unknown): void {
    const { ledger, desk } = this.#parts;
    switch (row) {
      case this.#rows.pass: {
        const session = sessionOf(newYorkDate(this.#now));
        if (session !== null && ledger.exposure.session !== session.date) {
          ledger.beginSession(session.date, desk.account(this.#now).equity);
        }
        return;
      }
      case this.#rows.quotes:
        if (currentSession(this.#now) === null) return;
        this.#quotesAt = this.#now;
        this.#wakes += 1;
        return;
      default:
        this.#protect();
    }
  }

  /** One look of protect at every position. */
  #protect(): void {
    const { ledger, policy, rangeOf } = this.#parts;
    const now = this.#now;
    if (this.#isCalm()) return;
    const books = ledger.liveBooks();
    const orders = ledger.openOrders(books);
    // A backtest works no order in slices.
    const look = { now, policy, books, orders, watch: { positions: this.#watches }, building: [] };
    const plans = sharesToProtect(look).map((one) =>
      planPosition(look, one, {
        quote: this.#quoteOf(one.book.ticker),
        range: one.share.quantity === 0n ? null : rangeOf(one.book.ticker, one.share, now),
      }),
    );
    this.#watches = plans.map(({ watch }) => watch);
    for (const plan of plans) this.#act(plan);
    for (const exit of ledger.exits()) if (exit.phase !== 'blocked') this.#sendDrive(exit.ticker);
    this.#calm = this.#calmAfter(plans);
  }

  /**
   * A look from which nothing followed is not taken again on the same day while nothing was written since, unless a price
   * has reached a stop: it would find the same.
   */
  #calmAfter(plans: readonly PositionPlan[]): Calm | null {
    const { ledger } = this.#parts;
    const isSettled = plans.every(
      ({ watch, restate, exit, cancels, place, flag }) =>
        watch.nakedSince === null &&
        watch.hitSince === null &&
        cancels.length === 0 &&
        (restate ?? exit ?? place ?? flag) === null,
    );
    if (!isSettled || ledger.exits().length > 0) return null;
    return {
      changes: ledger.changes,
      day: newYorkDate(this.#now),
      shares: plans.map(({ share, book }) => ({ share, book })),
    };
  }

  #isCalm(): boolean {
    const calm = this.#calm;
    if (calm === null || calm.changes !== this.#parts.ledger.changes || calm.day !== newYorkDate(this.#now))
      return false;
    return calm.shares.every(({ book, share }) => {
      const side = heldSide(share);
      const quote = side === null ? null : this.#quoteOf(book.ticker);
      return (
        side === null || quote === null || share.stopPrice === null || stopHit(side, share.stopPrice, quote) === null
      );
    });
  }

  /** A quote of this session, read just now. */
  #quoteOf(symbol: Ticker): Quote | null {
    const open = currentSession(this.#now);
    if (open === null || this.#quotesAt === null || this.#now - this.#quotesAt > QUOTE_AGE_MS_MAX) return null;
    const quote = this.#parts.quotes.quoteAt(symbol, this.#quotesAt);
    return quote !== null && msOf(quote.at) >= open.openAt ? quote : null;
  }

  #act({ book, share, restate, flag, exit, cancels, place }: PositionPlan): void {
    const { ledger, desk } = this.#parts;
    const current = ledger.bookOf(book.ticker);
    const held = shareOf(current, share.strategyId);
    if (restate !== null && held.quantity === share.quantity) {
      ledger.writeBook(withShare(current, { ...held, stopPrice: restate }), 1);
    }
    if (flag !== null) ledger.writeBook(ledger.bookOf(book.ticker), 1);
    if (exit !== null) ledger.openExit(exit.request, exit.hit);
    for (const { order, reason } of cancels) this.#sendCancel(order, reason);
    if (place === null) return;
    const id = clientOrderIdFor(place.terms, place.decision);
    const command = { type: 'submit-order.v1', data: submitOrderOf(place, id) } as const;
    this.#put('urgent', `${id}:1`, { command, act: () => once(() => void desk.place(place, this.#now)) });
  }

  #minute(): number {
    return Math.floor(this.#now / MINUTE_MS);
  }

  #sendCancel({ clientOrderId, intent }: Order, { code, message, context }: Reason): void {
    const { accountId, ticker } = intent.terms;
    const reason = { code, message, context: { ...context } };
    const data = { clientOrderId, accountId, symbol: ticker, by: 'protect', reason };
    const id: ClientOrderId = clientOrderId;
    const commandId = `cancel-${contentId(['protect', id], 26)}`;
    this.#put('urgent', `${commandId}:${this.#minute()}`, {
      command: { type: 'cancel-order.v1', data },
      act: () => once(() => void this.#parts.desk.cancel(id, 'protect', reason, this.#now)),
    });
  }

  #sendDrive(ticker: Ticker): void {
    const exit = this.#parts.ledger.exit(ticker);
    if (exit === null) return;
    const { exitId, accountId, strategyId, generations } = exit;
    const data = { accountId, symbol: ticker, strategyId, exitId, generation: generations };
    this.#put('urgent', `${exitId}:${this.#minute()}`, {
      command: { type: 'drive-exit.v1', data },
      act: () => this.#parts.desk.drive(ticker, () => this.#now),
    });
  }
}
