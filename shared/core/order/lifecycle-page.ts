/** The table of states and events as a page to read: docs/concepts/order-lifecycle.md is this text and nothing else. */
import { HOUSE_EVENTS, ILLEGAL_REASONS, LIFECYCLE, NEWS_EVENTS } from '#shared/core/order/lifecycle.ts';
import type { Cell, HouseEvent, NewsEvent, OrderEvent } from '#shared/core/order/lifecycle.ts';
import { isEnd, ORDER_STATES } from '#shared/core/order/order.ts';
import type { OrderState } from '#shared/core/order/order.ts';

const STATE_MEANINGS: Readonly<Record<OrderState, string>> = {
  claimed: 'written down and reserved; nothing of it is at the broker',
  sending: 'its last look has committed; after a crash nobody knows whether it was sent',
  unknown: 'it may be at the broker; its exposure stays reserved and its symbol takes no entries',
  acknowledged: 'the broker has it, nothing filled',
  partially_filled: 'the broker has it, some of it filled',
  pending_cancel: 'the broker has it, and it is to be canceled',
  filled: 'all of it filled',
  canceled: 'canceled at the broker; what filled before stays filled',
  expired: 'its time in force ran out',
  rejected: 'the broker refused it',
  replaced: 'it lives on under another id of the broker',
  withdrawn: 'a gate closed before it was sent',
  failed: 'its command could not be carried out, and it was never sent',
  abandoned: 'nobody proved its fate, and it never turned up while it could',
  dry_run: 'it passed every gate in a dry run',
};

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)];
}

function cellText(cell: Cell): string {
  if ('illegal' in cell) return `*${cell.illegal}*`;
  const states = cell.to.map((state) => `\`${state}\``).join(' or ');
  return cell.named.length === 0 ? states : `${states} (**${cell.named.join(', ')}**)`;
}

function pairs(events: readonly OrderEvent[]): readonly string[] {
  return table(
    ['state', ...events.map((event) => `\`${event}\``)],
    ORDER_STATES.map((state) => [`\`${state}\``, ...events.map((event) => cellText(LIFECYCLE[state][event]))]),
  );
}

const meanings = (words: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(words).map(([word, meaning]) => `- \`${word}\`: ${meaning}`);

const isHouseEvent = (text: string): text is HouseEvent => text in HOUSE_EVENTS;
const isNewsEvent = (text: string): text is NewsEvent => text in NEWS_EVENTS;

/** The whole page, in Markdown. */
export function renderLifecycle(): string {
  const lines = [
    '# The life of an order',
    '',
    'This page is made from the table in `shared/core/order/lifecycle.ts`, and a test holds both to what the code does.',
    'To write it anew: `npx vitest run shared/core/order/lifecycle.test.ts --update`.',
    '',
    '## States',
    '',
    ...table(
      ['state', 'meaning', 'reserves'],
      ORDER_STATES.map((state) => [`\`${state}\``, STATE_MEANINGS[state], isEnd(state) ? 'nothing' : 'what remains']),
    ),
    '',
    '## What the house does',
    '',
    ...meanings(HOUSE_EVENTS),
    '',
    'In *italics*, why the event is not allowed in the state:',
    '',
    ...meanings(ILLEGAL_REASONS),
    '',
    ...pairs(Object.keys(HOUSE_EVENTS).filter(isHouseEvent)),
    '',
    '## What the broker says',
    '',
    'News may come in any order, any number of times and from any source; the same set of news always makes the same',
    'order. Where two states are named, the first news of an order whose cancel was requested goes on as',
    '`pending_cancel`, and older news does not lead back.',
    '',
    ...meanings(NEWS_EVENTS),
    '',
    'In **bold**, the name under which an end, or an execution that was booked, changes all the same.',
    '',
    ...pairs(Object.keys(NEWS_EVENTS).filter(isNewsEvent)),
    '',
  ];
  return lines.join('\n');
}
