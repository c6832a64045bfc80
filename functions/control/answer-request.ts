/** What the control API answers, route by route. */
import * as z from 'zod';
import { formatMoney, formatPrice, formatQuantity, type Price } from '#shared/core/kernel/decimal.ts';
import { type AccountId, clientOrderIdOf, IdentityError } from '#shared/core/kernel/identity.ts';
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import type { Order } from '#shared/core/order/order.ts';
import { averageFillPrice } from '#shared/core/order/reservation.ts';
import { type Book, positionOf } from '#shared/core/portfolio/book.ts';
import type { KillSwitch } from '#shared/core/safety/safety-facts.ts';
import type { Books } from '#shared/ports/books.ts';
import type { Clock } from '#shared/ports/clock.ts';
import type { Orders } from '#shared/ports/orders.ts';
import type { Safety } from '#shared/ports/safety.ts';
import type { Telemetry } from '#shared/ports/telemetry.ts';

export interface ControlDependencies {
  readonly accountId: AccountId;
  readonly environment: string;
  readonly dryRun: boolean;
  readonly build: string;
  readonly clock: Clock;
  readonly safety: Safety;
  readonly books: Books;
  readonly orders: Orders;
  readonly telemetry: Telemetry;
}

/** One request, read from the gateway's event. */
export interface ControlRequest {
  /** Method and path pattern, such as "GET /api/v1/orders/{client_order_id}". */
  readonly route: string;
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** Who asks: the subject of the token, or null on an open route. */
  readonly subject: string | null;
  readonly requestId: string;
}

export type ControlAnswer =
  | { readonly kind: 'json'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'no-such-route' };

const BODY_BYTES_MAX = 16 * 1024;

const killSwitchChange = z.strictObject({
  scope: z.enum(['global', 'account'], { error: 'expected "global" or "account"' }).default('account'),
  reason: z.string().trim().min(3, 'expected a reason of 3 to 500 characters').max(500),
});

const json = (body: unknown, status = 200): ControlAnswer => ({ kind: 'json', status, body });
const orNone = (price: Price | null): string | null => (price === null ? null : formatPrice(price));

/** @throws ZodError for a body that is not as it should be, Fault when a table does not answer. */
export async function answerRequest(
  dependencies: ControlDependencies,
  request: ControlRequest,
): Promise<ControlAnswer> {
  switch (request.route) {
    case 'GET /':
      return json({ name: 'belay', version: dependencies.build });
    case 'GET /health':
      return await health(dependencies);
    case 'GET /api/v1/orders/{client_order_id}':
      return await order(dependencies, request.parameters['client_order_id'] ?? '');
    case 'GET /api/v1/positions':
      return json({ positions: (await dependencies.books.all(dependencies.accountId)).flatMap(positionsOf) });
    case 'GET /api/v1/kill-switch/status':
      return await killSwitchStatus(dependencies);
    case 'POST /api/v1/kill-switch/engage':
      return await switchKill(dependencies, request, true);
    case 'POST /api/v1/kill-switch/disengage':
      return await switchKill(dependencies, request, false);
    default:
      return { kind: 'no-such-route' };
  }
}

async function health({
  accountId,
  safety,
  clock,
  environment,
  dryRun,
  build,
}: ControlDependencies): Promise<ControlAnswer> {
  const { global, account } = await safety.read(accountId);
  const now = clock.now();
  const engaged = global === null || account === null || global.killSwitch.engaged || account.killSwitch.engaged;
  const reconciledAt = account?.reconciledAt ?? null;
  const state = engaged ? 'HALTED' : account.breaker.state === 'ARMED' ? account.tradingState : 'REDUCING';
  return json({
    environment,
    dryRun,
    build,
    time: formatEpochMs(now),
    tradingState: state,
    database: { state: 'ok' },
    reconciliation: {
      state: reconciledAt === null ? 'never' : 'known',
      at: reconciledAt === null ? null : formatEpochMs(reconciledAt),
      ageMs: reconciledAt === null ? null : now - reconciledAt,
      session: account?.reconciledSession ?? null,
    },
  });
}

async function order({ orders, dryRun }: ControlDependencies, id: string): Promise<ControlAnswer> {
  const missing: ControlAnswer = {
    kind: 'refused',
    refusal: refusal('order-not-found', 'there is no order with this client order id'),
  };
  let clientOrderId: ReturnType<typeof clientOrderIdOf>;
  try {
    clientOrderId = clientOrderIdOf(id);
  } catch (cause) {
    if (cause instanceof IdentityError) return missing;
    throw cause;
  }
  const found = await orders.get(clientOrderId);
  return found === null ? missing : json({ ...orderView(found), dryRun });
}

/** An order as people see it: decimals as texts, times as RFC 3339. */
function orderView(found: Order) {
  const { terms, decision } = found.intent;
  return {
    clientOrderId: found.clientOrderId,
    brokerOrderId: found.brokerOrderId,
    accountId: terms.accountId,
    strategyId: terms.strategyId,
    symbol: terms.ticker,
    side: terms.side,
    type: terms.type,
    timeInForce: terms.timeInForce,
    quantity: terms.size.kind === 'quantity' ? formatQuantity(terms.size.quantity) : null,
    notional: terms.size.kind === 'notional' ? formatMoney(terms.size.notional) : null,
    limitPrice: orNone(terms.limitPrice),
    stopPrice: orNone(terms.stopPrice),
    state: found.state,
    filledQuantity: formatQuantity(found.filledQuantity),
    averageFillPrice: orNone(averageFillPrice(found, 'half-even')),
    provisional: found.provisional,
    reason: found.ended?.reason ?? found.ambiguity?.reason ?? null,
    decisionId: decision.decisionId,
    generation: decision.generation,
    runId: found.intent.runId,
    claimedAt: formatEpochMs(found.claimedAt),
    sentAt: found.sentAt === null ? null : formatEpochMs(found.sentAt),
    endedAt: found.endedAt === null ? null : formatEpochMs(found.endedAt),
  };
}

const positionsOf = (book: Book) =>
  positionOf(book) === 0n && book.openOrders.length === 0
    ? []
    : [
        {
          symbol: book.ticker,
          quantity: formatQuantity(positionOf(book)),
          quarantined: book.quarantine !== null,
          openOrders: book.openOrders.length,
          shares: book.shares.map((share) => ({
            strategyId: share.strategyId,
            quantity: formatQuantity(share.quantity),
            cost: formatMoney(share.cost),
            realizedProfit: formatMoney(share.realizedProfit),
            openedOn: share.openedOn,
          })),
        },
      ];

const killView = (kill: KillSwitch | null) =>
  kill === null
    ? { state: 'missing', engaged: true }
    : {
        state: kill.engaged ? 'engaged' : 'disengaged',
        engaged: kill.engaged,
        by: kill.by,
        reason: kill.reason,
        at: kill.at === null ? null : formatEpochMs(kill.at),
      };

async function killSwitchStatus({ safety, accountId }: ControlDependencies): Promise<ControlAnswer> {
  const { global, account } = await safety.read(accountId);
  return json({ global: killView(global?.killSwitch ?? null), account: killView(account?.killSwitch ?? null) });
}

async function switchKill(
  dependencies: ControlDependencies,
  request: ControlRequest,
  engage: boolean,
): Promise<ControlAnswer> {
  const { safety, accountId, clock, telemetry } = dependencies;
  const { scope, reason } = killSwitchChange.parse(readJson(request.body));
  const by = request.subject ?? 'unknown';
  const change = { scope, by, reason, now: clock.now(), correlationId: request.requestId };
  const done = engage
    ? await safety.engageKillSwitch(accountId, change)
    : await safety.disengageKillSwitch(accountId, change);
  if (!done.ok) return { kind: 'refused', refusal: done.error };
  telemetry.warn(engage ? 'kill switch engaged' : 'kill switch disengaged', { scope, by });
  if (engage) telemetry.count('KillSwitchEngaged');
  return await killSwitchStatus(dependencies);
}

/** @throws ZodError when the body is too large or no JSON. */
function readJson(body: Uint8Array): unknown {
  const text = z
    .string()
    .max(BODY_BYTES_MAX, `expected a body of at most ${BODY_BYTES_MAX} characters`)
    .parse(new TextDecoder().decode(body));
  return z
    .string()
    .transform((raw, context): unknown => {
      try {
        return JSON.parse(raw);
      } catch {
        context.addIssue({ code: 'custom', message: 'expected a JSON object' });
        return z.NEVER;
      }
    })
    .parse(text);
}
