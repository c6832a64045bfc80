/** An exit as an item of its own: one a symbol, beside the book that it blocks. */
import { submitOrderOf, intentOf } from '#events/order-command.ts';
import { submitOrder } from '#events/commands/submit-order.v1.ts';
import { flag, ItemReader, map, text, textOrNull, whole, wholeOrNull } from '#shared/adapters/stores/attributes.ts';
import { accountId, correlationId, decisionId, strategyId, ticker } from '#shared/core/kernel/identity.ts';
import type { Item, ItemValue } from '#shared/core/kernel/item.ts';
import { isRefusalCode, refusal } from '#shared/core/kernel/refusal.ts';
import { clientOrderIdFor } from '#shared/core/order/client-order-id.ts';
import { EXIT_PHASES, type Exit } from '#shared/core/order/exit.ts';
import type { OrderIntent, Reason } from '#shared/core/order/order.ts';
import type { StoredExit } from '#shared/ports/exits.ts';

const contextItem = (context: Readonly<Record<string, string>>): ItemValue =>
  map(Object.fromEntries(Object.entries(context).map(([name, value]) => [name, text(value)])));

const reasonItem = ({ code, message, context }: Reason): ItemValue =>
  map({ code: text(code), message: text(message.slice(0, 2000)), context: contextItem(context) });

/** The intent in the words of its command, which is one to one. */
const intentText = (intent: OrderIntent | null): string | null =>
  intent === null ? null : JSON.stringify(submitOrderOf(intent, clientOrderIdFor(intent.terms, intent.decision)));

/** The attributes of an exit but for its keys; `version` is the one that the item will have. */
export const exitAttributes = (exit: Exit, version: number): Item => ({
  exitId: text(exit.exitId),
  accountId: text(exit.accountId),
  strategyId: text(exit.strategyId),
  ticker: text(exit.ticker),
  purpose: text(exit.purpose),
  by: text(exit.by),
  reason: reasonItem(exit.reason),
  correlationId: text(exit.correlationId),
  openedAt: whole(exit.openedAt),
  phase: text(exit.phase),
  generations: whole(exit.generations),
  attempts: whole(exit.attempts),
  submitted: textOrNull(intentText(exit.submitted)),
  distrustsBooks: flag(exit.distrustsBooks),
  failures: whole(exit.failures),
  notBefore: wholeOrNull(exit.notBefore),
  blockedBy: exit.blockedBy === null ? { NULL: true } : reasonItem(exit.blockedBy),
  version: whole(version),
});

const readReason = (reader: ItemReader): Reason => ({
  code: reader.text('code'),
  message: reader.text('message'),
  context: reader.nested('context').allTexts(),
});

function readIntent(reader: ItemReader, correlation: string): OrderIntent | null {
  return reader.orNull('submitted', (name) =>
    reader.parsed(name, reader.text(name), (raw) => intentOf(submitOrder.data.parse(JSON.parse(raw)), correlation)),
  );
}

/** @throws Fault `permanent` item-corrupt, naming the attribute. */
export function readExit(item: Item): StoredExit {
  const reader = new ItemReader(item, 'exit');
  const correlation = reader.text('correlationId');
  const blockedBy = reader.orNull('blockedBy', (name) => {
    const reason = readReason(reader.nested(name));
    if (!isRefusalCode(reason.code)) throw reader.corrupt(name, `names ${reason.code}, which is no refusal`);
    return refusal(reason.code, reason.message, reason.context);
  });
  const exit: Exit = {
    exitId: reader.named('exitId', decisionId),
    accountId: reader.named('accountId', accountId),
    strategyId: reader.named('strategyId', strategyId),
    ticker: reader.named('ticker', ticker),
    purpose: reader.oneOf('purpose', ['exit', 'flatten'] as const),
    by: reader.text('by'),
    reason: readReason(reader.nested('reason')),
    correlationId: reader.named('correlationId', correlationId),
    openedAt: reader.instant('openedAt'),
    phase: reader.oneOf('phase', EXIT_PHASES),
    generations: reader.whole('generations'),
    attempts: reader.whole('attempts'),
    submitted: readIntent(reader, correlation),
    distrustsBooks: reader.flag('distrustsBooks'),
    failures: reader.whole('failures'),
    notBefore: reader.orNull('notBefore', (name) => reader.instant(name)),
    blockedBy,
  };
  return { exit, version: reader.whole('version') };
}
