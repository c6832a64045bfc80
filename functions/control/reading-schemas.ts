/** What is read: health, configuration, strategies, positions, performance, the journal. */
import * as z from 'zod';
import {
  clientOrder,
  count,
  cursor,
  date,
  days,
  decimal,
  givenDate,
  instant,
  limit,
  nextCursor,
  reasonView,
  run,
  side,
  strategy,
  symbol,
  text,
} from './field-schemas.ts';
import { orderState } from './order-schemas.ts';
import { json, page, TAKES_NOTHING } from './operation-schema.ts';

const partState = z.enum(['ok', 'degraded', 'down', 'unknown']);
const tradingState = z.enum(['ACTIVE', 'REDUCING', 'HALTED']);
const part = z.strictObject({
  state: partState,
  /** How long the part took to answer just now; null where it was not asked. */
  latency_ms: z.number().min(0).nullable(),
  detail: text,
});

const circuitPhase = z.enum(['closed', 'open', 'half-open']);
const brokerPart = z.strictObject({
  ...part.shape,
  /** When the broker was asked; it is asked a few times a minute at most, so that looking costs trading no requests. */
  asked_at: instant.nullable(),
  /** Of requests that read and of those that change orders; null before the first request. */
  circuits: z.strictObject({ reads: circuitPhase, orders: circuitPhase }).nullable(),
});

const strategyView = z.strictObject({
  strategy_id: strategy,
  enabled: z.boolean(),
  cash_available: decimal,
  /** What the policy in force says; null for a strategy that it does not know. */
  policy: z
    .strictObject({ enabled: z.boolean(), cash: decimal, parameters: z.record(z.string(), z.number()) })
    .nullable(),
  positions: count,
  /** Whether it made a signal within the time that activity is counted over. */
  active: z.boolean(),
  last_signal_on: z.string().nullable(),
});

const shareView = z.strictObject({
  strategy_id: strategy,
  quantity: decimal,
  cost: decimal,
  realized_profit: decimal,
  opened_on: date.nullable(),
  stop_price: decimal.nullable(),
});

const positionView = z.strictObject({
  symbol,
  quantity: decimal,
  quarantined: z.boolean(),
  open_orders: count,
  provisional: z.boolean(),
  shares: z.array(shareView),
});

const pnlView = z.strictObject({
  symbol,
  quantity: decimal,
  cost: decimal,
  /** The side of the latest quote that closing would meet; null without a quote. */
  price: decimal.nullable(),
  price_at: instant.nullable(),
  unrealized_profit: decimal.nullable(),
  realized_profit: decimal,
});

const sessionView = z.strictObject({
  session: date,
  /** False while the session goes on: its figures are those of the last pass. */
  closed: z.boolean(),
  equity_at_open: decimal.nullable(),
  equity: decimal.nullable(),
  /** Equity less equity at the start. */
  profit: decimal.nullable(),
  /** A fraction of the equity at the start. */
  return: z.number().nullable(),
  /** Since the books were opened, at the session's end. */
  realized_profit: decimal.nullable(),
  unrealized_profit: decimal.nullable(),
  /** What the report of the session says; null before it is made. */
  positions: count.nullable(),
  cost: decimal.nullable(),
  orders: count.nullable(),
  quarantined: count.nullable(),
});

const performanceSummary = z.strictObject({
  /** Sessions with figures. */
  sessions: count,
  profit: decimal.nullable(),
  /** Fractions; null where there are too few sessions to say. */
  total_return: z.number().nullable(),
  volatility: z.number().nullable(),
  sharpe: z.number().nullable(),
  max_drawdown: z.number().nullable(),
});

export const factView = z.strictObject({
  type: text,
  room: text,
  aggregate_id: text,
  sequence: z.int().min(1),
  occurred_at: instant,
  correlation_id: text,
  priority: text,
  /** As the catalogue of events describes it. */
  data: z.unknown(),
});

const funnelEntry = z.strictObject({
  strategy_id: strategy,
  symbol,
  as_of: date,
  outcome: z.enum(['ordered', 'refused']),
  stage: text.nullable(),
  reason: reasonView.nullable(),
  client_order_id: clientOrder.nullable(),
  /** What became of the order since; null while nothing is known. */
  order_fact: text.nullable(),
});

const whySignal = z.strictObject({
  strategy_id: strategy,
  kind: z.enum(['entry', 'exit']),
  side,
  as_of: date,
  confidence: z.number(),
  /** The version of the model that said so; null where none was asked. */
  model_version: text.nullable(),
  reason: reasonView,
});

const whyDecision = z.strictObject({
  run_id: run,
  strategy_id: strategy,
  as_of: date,
  outcome: z.enum(['ordered', 'refused']),
  stage: text.nullable(),
  reason: reasonView.nullable(),
  /** The smallest change of a limit that would have let it pass; null where no limit would. */
  would_pass_at: text.nullable(),
  client_order_id: clientOrder.nullable(),
});

const whyOrder = z.strictObject({
  client_order_id: clientOrder,
  strategy_id: strategy,
  side,
  purpose: text,
  qty: decimal.nullable(),
  notional: decimal.nullable(),
  filled_qty: decimal,
  state: orderState,
  reason: reasonView.nullable(),
});

export const READING_SCHEMAS = {
  getRoot: { ...TAKES_NOTHING, success: json(z.strictObject({ name: z.literal('belay'), build: text })) },
  getHealth: {
    ...TAKES_NOTHING,
    success: json(
      z.strictObject({
        state: partState,
        environment: text,
        dry_run: z.boolean(),
        build: text,
        time: instant,
        trading_state: tradingState,
        trading_state_reason: text.nullable(),
        database: part,
        queue: part,
        broker: brokerPart,
        reconciliation: z.strictObject({
          ...part.shape,
          at: instant.nullable(),
          age_ms: z.number().nullable(),
          session: date.nullable(),
        }),
      }),
    ),
  },
  getMetrics: { ...TAKES_NOTHING, success: page('text/plain; version=0.0.4; charset=utf-8') },
  getConfig: {
    ...TAKES_NOTHING,
    success: json(
      z.strictObject({
        environment: text,
        account_id: text,
        dry_run: z.boolean(),
        build: text,
        live: z.boolean().nullable(),
        policy_version: count.nullable(),
        rate_limits_per_minute: z.record(z.string(), count),
        performance_days_max: count,
        /** Switches of the deployment, which no policy overrules. */
        trading_disabled: z.boolean(),
        safe_mode: z.boolean(),
        strategies_disabled: z.array(strategy),
        body_bytes_max: count,
      }),
    ),
  },
  getOpenApi: { ...TAKES_NOTHING, success: json(z.record(z.string(), z.unknown())) },
  getDocs: { ...TAKES_NOTHING, success: page('text/html; charset=utf-8') },
  getStrategies: { ...TAKES_NOTHING, success: json(z.strictObject({ strategies: z.array(strategyView) })) },
  getStrategy: {
    ...TAKES_NOTHING,
    params: z.strictObject({ strategy_id: strategy }),
    success: json(strategyView),
  },
  getPositions: { ...TAKES_NOTHING, success: json(z.strictObject({ positions: z.array(positionView) })) },
  getRealtimePnl: {
    ...TAKES_NOTHING,
    success: json(
      z.strictObject({
        as_of: instant,
        equity: decimal.nullable(),
        equity_at_open: decimal.nullable(),
        unrealized_profit: decimal,
        realized_profit: decimal,
        /** True when a position has no quote, and is left out of the sum. */
        incomplete: z.boolean(),
        positions: z.array(pnlView),
      }),
    ),
  },
  getDailyPerformance: {
    ...TAKES_NOTHING,
    query: z.strictObject({ days }),
    success: json(
      z.strictObject({
        /** When the figures were read; they are kept for a while. */
        as_of: instant,
        days: count,
        summary: performanceSummary,
        /** Newest first. */
        sessions: z.array(sessionView),
      }),
    ),
  },
  getFunnel: {
    ...TAKES_NOTHING,
    params: z.strictObject({ run_id: run }),
    success: json(
      z.strictObject({
        run_id: run,
        session: date,
        policy_version: count,
        raw: count,
        refused: count,
        executed: count,
        refused_by_stage: z.record(z.string(), count),
        completed: z.boolean(),
        entries: z.array(funnelEntry),
      }),
    ),
  },
  getWhy: {
    ...TAKES_NOTHING,
    params: z.strictObject({ symbol }),
    query: z.strictObject({ session: givenDate.optional() }),
    success: json(
      z.strictObject({
        symbol,
        /** The session that is asked about. */
        day: date,
        /** One sentence. */
        verdict: text,
        in_universe: z.boolean(),
        /** As of the session of the signals; null where it was not recorded. */
        universe: z
          .strictObject({
            source: z.enum(['list', 'static', 'csv', 'dynamic']),
            policy_version: count,
            members: count,
            /** Of a dynamic universe: the symbol's place by dollars traded; null where it could not be ranked. */
            rank: count.nullable(),
            average_dollars: z.number().nullable(),
          })
          .nullable(),
        quantity: decimal,
        quarantine: reasonView.nullable(),
        /** The first gate that an entry would not pass now. */
        shut_gate: reasonView.nullable(),
        /** Everything that would keep an entry from passing now. */
        obstacles: z.array(reasonView),
        strategies: z.array(
          z.strictObject({
            strategy_id: strategy,
            enabled: z.boolean(),
            quantity: decimal,
            /** Which version made its signals, or why none could; null where it trades by no model, or made none. */
            model: z.strictObject({ version: text.nullable(), reason: text.nullable() }).nullable(),
          }),
        ),
        signals_as_of: date,
        /** Null when they were never made, which is not the same as none. */
        signals: z.array(whySignal).nullable(),
        /** What runs decided about the signals of the symbol. */
        decisions: z.array(whyDecision),
        /** Orders that the facts of the session tell of. */
        orders: z.array(whyOrder),
        facts: z.array(factView),
      }),
    ),
  },
  getJournal: {
    ...TAKES_NOTHING,
    query: z
      .strictObject({
        order: clientOrder.optional(),
        run: run.optional(),
        correlation: run.optional(),
        day: givenDate.optional(),
        limit,
        cursor,
      })
      .meta({ description: 'Exactly one of order, run, correlation and day.' }),
    success: json(z.strictObject({ facts: z.array(factView), cursor: nextCursor })),
  },
} as const;
