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

export interface Guarantee {
  readonly says: string;
  /** Where the test lies, from the project's root, and what it is called. */
  readonly file: string;
  readonly test: string;
}

const ORDER = 'shared/core/order';

export const GUARANTEES: readonly Guarantee[] = [
  {
    says: "A decision is at most one order at the broker, wherever a process dies and whichever answer is lost; the books are the broker's, and nothing stays reserved.",
    file: 'tests/journey/crash-points.test.ts',
    test: 'is placed once wherever the process dies, and whichever answer is lost',
  },
  {
    says: 'So it is when two consumers have the same message.',
    file: 'tests/journey/crash-points.test.ts',
    test: 'is placed once when two consumers have the same message, wherever one of them dies',
  },
  {
    says: 'So it is for each way in which a submit can fail, of an entry and of an exit.',
    file: 'tests/journey/submit-faults.test.ts',
    test: 'an order is placed and booked once as %s',
  },
  {
    says: 'The same command with other terms changes nothing, is refused and is written down.',
    file: 'tests/journey/sending.test.ts',
    test: 'is refused and recorded when it has other terms',
  },
  {
    says: 'An id that is taken at the broker is adopted only where nothing of the order behind it differs.',
    file: 'tests/journey/sending.test.ts',
    test: 'is not adopted when the order behind it differs: the symbol is quarantined, the reservation given back',
  },
  {
    says: 'A stale decision is never sent.',
    file: 'tests/journey/sending.test.ts',
    test: 'is not sent again once its decision is stale',
  },
  {
    says: 'A command that fails as often as its lane allows ends with a fact.',
    file: 'tests/journey/sending.test.ts',
    test: 'ends with a fact that says that its order never came to be',
  },
  {
    says: 'News in any order and any number reaches the same order.',
    file: `${ORDER}/advance-lattice.test.ts`,
    test: 'reaches the same order from any permutation of any news of a life',
  },
  {
    says: 'Tiles never overlap, and what is reserved is what remains of an open order.',
    file: `${ORDER}/advance-lattice.test.ts`,
    test: 'keeps tiles apart and within what filled, and reserves exactly what remains',
  },
  {
    says: 'The filled quantity never shrinks within an epoch.',
    file: `${ORDER}/advance-lattice.test.ts`,
    test: 'never shrinks the filled quantity within an epoch, and never goes back an epoch',
  },
  {
    says: 'An end changes only under one of the names above.',
    file: `${ORDER}/advance-lattice.test.ts`,
    test: 'changes an end, or fills after one, only under a name',
  },
  {
    says: 'An order that rose from its end is canceled, whichever room heard of it first.',
    file: 'tests/reconcile/gate.test.ts',
    test: 'that works at the broker though it had ended here is canceled, whichever room heard of it first',
  },
  {
    says: 'An exit never takes a position through zero, never has more at work than it holds, and ends flat.',
    file: `${ORDER}/exit-drive.test.ts`,
    test: 'never crosses zero, never has more at work than it holds, has one broker order a generation, and ends flat',
  },
  {
    says: 'An exit takes its own stop away before it sells, and sells each unit once.',
    file: 'tests/safety/exits.test.ts',
    test: 'takes the stop that rests at the broker away before it sells, and sells each unit once',
  },
  {
    says: 'An order of unknown fate whose repetition was refused is not sent again.',
    file: 'tests/journey/sending.test.ts',
    test: 'sends it no third time: it is looked for and stays reserved',
  },
  {
    says: 'A replaced entry never has a second one beside it, and never fills more than was wanted.',
    file: `${ORDER}/resting-plan.test.ts`,
    test: 'never has two orders of a decision open, and never fills more than was wanted',
  },
  {
    says: 'What a stream told while nobody listened is read from the broker.',
    file: 'tests/journey/listening.test.ts',
    test: 'opens a connection again that was cut, and reads what was lost with it',
  },
  {
    says: "All functions together keep within the broker's rate, and a reserve is left to exits.",
    file: 'tests/contract/request-gate.contract.ts',
    test: 'lets twelve functions at once have no more than the budget of ordinary requests, and the reserve to exits',
  },
  {
    says: 'An order costs no more calls and write units than its budget.',
    file: 'tests/cost/order-cost.test.ts',
    test: 'costs no more calls and write units than its budget',
  },
];

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

/** What no table shows. */
const TOLD: readonly string[] = [
  '## An order of unknown fate',
  '',
  'It is looked for by its sender, by each pass and by each drive of its exit. Two look-ups that missed let the same id',
  'and body be sent again, where the broker guards ids and the decision holds; an order of an exit holds as long as the',
  'exit. The first answer that is certain ends that: where the broker refuses the repetition, for whatever reason, or',
  'says that it has an order of this id, the row keeps the answer and no last look of it passes any more. The refusal',
  'does not end the order, since an earlier attempt may have taken the money, the shares or the position for want of',
  'which the repetition was refused.',
  '',
  'From then on it is only watched, and the watch begins with the last attempt that nobody proved: attempts that were',
  'refused, throttled or answered with the own id do not prolong it. Found, it is taken in as it is; not found when the',
  'watch is over, or when a person gives it up, it is abandoned, with an alarm.',
  '',
  '## An exit',
  '',
  'A decision to close is no order but an intent in the book: it keeps entries off its symbol until the share is flat.',
  'execute opens it and drives it at once; protect sends `drive-exit.v1` for every open exit each minute, until it is',
  'completed, so that a drive which a passing fault stops is left to the next one and hides no message. A drive cancels',
  "own orders in the way and waits for their ends, sizes from the book or, where that is in doubt, from the broker's own",
  'position of the last five seconds, submits one order, and writes each step before it acts on it. An order of an exit',
  'whose sender died is looked for and, while the session lasts, sent again under its own id; one that ended without',
  'filling all is followed by the next generation. A permanent refusal blocks the exit, with an alarm. In a dry run',
  'exits are not driven.',
  '',
  'An exit does not wait for a closing order of unknown fate whose cancel was requested, once a minute has passed since',
  'the last send that nobody proved: no last look of it passes any more and no call is under way, so that it is at the',
  'broker by now or never will be. If it is there, the broker holds its units; the exit sells no more than the broker',
  "calls available, less what may belong to other strategies. Of the exit's own order the same holds: once the broker",
  'has answered a repetition of it, the exit asks for its cancel after that minute and goes on with the next generation',
  "beside it, by the broker's own position alone. The order stays watched, keeps entries off its symbol, and is canceled",
  'when it turns up.',
  '',
];

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
    ...TOLD,
    '## What is guaranteed',
    '',
    ...table(
      ['guarantee', 'held by'],
      GUARANTEES.map(({ says, file, test }) => [says, `\`${file}\`: ${test}`]),
    ),
    '',
  ];
  return lines.join('\n');
}
