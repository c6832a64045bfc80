/** The checks as a page to read: docs/concepts/pre-trade-checks.md is this text and nothing else. */
import type { Condition, ItemTest, ItemValue } from '#shared/core/kernel/item.ts';
import { buildId } from '#shared/core/kernel/identity.ts';
import { calendarDate, epochMs } from '#shared/core/kernel/instant.ts';
import { PRE_TRADE_CHECKS } from '#shared/core/risk/clear-order.ts';
import { accountGates, type GateReference, globalGates, strategyGates } from '#shared/core/safety/gate-conditions.ts';
import type { OrderClass } from '#shared/core/safety/order-class.ts';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  row(head),
  row(head.map(() => '---')),
  ...rows.map(row),
];

const code = (text: string): string => `\`${text}\``;
const codes = (texts: readonly string[]): string => (texts.length === 0 ? '-' : texts.map(code).join(', '));

const CLASSES: readonly OrderClass[] = ['entry', 'reducing', 'flatten'];

/** Stands for the values that a gate is compared with, so that the page shows their names. */
const NAMED: GateReference = {
  now: epochMs(1_000),
  session: calendarDate('2000-01-03'),
  build: buildId('this-build'),
  policyVersion: 7,
  reconciliationAgeMsMax: 180_000,
};

const VALUES: Readonly<Record<string, string>> = {
  [String(NAMED.now)]: 'now',
  [String(NAMED.now - NAMED.reconciliationAgeMsMax)]: 'now - age',
  [String(NAMED.policyVersion)]: 'version cleared under',
  [NAMED.session]: 'this session',
  [NAMED.build]: 'this build',
};

function valueText(value: ItemValue): string {
  if ('BOOL' in value) return String(value.BOOL);
  if ('N' in value) return VALUES[value.N] ?? value.N;
  return 'S' in value ? (VALUES[value.S] ?? value.S) : 'a value';
}

function testText(test: ItemTest): string {
  switch (test.op) {
    case 'exists':
      return 'the item exists';
    case 'absent':
      return 'the item is absent';
    case 'has':
    case 'lacks':
      return `${test.op} ${test.attribute}`;
    case 'any':
      return test.tests.map(testText).join(' or ');
    case 'all':
      return test.tests.map(testText).join(' and ');
    case 'equals':
    case 'differs':
    case 'below':
    case 'at-most':
    case 'at-least':
    case 'above':
      return `${test.attribute} ${test.op === 'equals' ? 'is' : test.op.replace('-', ' ')} ${valueText(test.value)}`;
  }
}

function gateRows(item: string, gatesOf: (orderClass: OrderClass) => readonly Condition[]): readonly string[][] {
  const all = CLASSES.flatMap((orderClass) => gatesOf(orderClass).map((gate) => ({ orderClass, gate })));
  const distinct = new Map<string, string[]>();
  for (const { orderClass, gate } of all) {
    const key = JSON.stringify([gate.name, testText(gate.test)]);
    distinct.set(key, [...(distinct.get(key) ?? []), orderClass]);
  }
  return [...distinct].map(([key, classes]) => {
    const found = all.find(({ gate }) => JSON.stringify([gate.name, testText(gate.test)]) === key);
    return [
      item,
      code(found?.gate.name ?? ''),
      found === undefined ? '' : testText(found.gate.test),
      classes.join(', '),
    ];
  });
}

/** The whole page, in Markdown. */
export function renderChecks(): string {
  return [
    '# Pre-trade checks and gates',
    '',
    'This page is made from `PRE_TRADE_CHECKS` in `shared/core/risk/clear-order.ts` and the gates in',
    '`shared/core/safety/gate-conditions.ts`. To write it anew: `npx vitest run shared/core/risk --update`.',
    '',
    'Every order passes the list, whoever asked for it, on facts that its sender has just read. The first rejection is the',
    'answer. A check that warns lets the order pass from `checks.warnShareBps` of its limit on; the warning is logged and',
    'journaled in `order.claimed.v1`. An entry may add risk; a reducing order can only shrink a position; a flatten is a',
    "person's order to close.",
    '',
    'A strategy that trades by a model makes no entry signal without a version that is active, whole, and the one that is due',
    'for the quarter or pinned by a person. The sender reads the registry anew and holds every entry of the strategy to it,',
    'those of signals that waited and of people too.',
    '',
    '## Checks, in the order in which they answer',
    '',
    ...table(
      ['check', 'asks that', 'refuses with', 'applies to', 'numbers of the policy', 'warns'],
      PRE_TRADE_CHECKS.map((check) => [
        code(check.id),
        check.asks,
        codes(check.codes),
        check.applies.length === CLASSES.length ? 'all' : check.applies.join(', '),
        codes(check.numbers),
        check.warns ? 'yes' : 'no',
      ]),
    ),
    '',
    '## Gates, in the transaction of the claim and of every last look',
    '',
    'A missing item, a missing attribute and one of another type fail every comparison.',
    '',
    ...table(
      ['item', 'refuses with', 'unless', 'holds for'],
      [
        ...gateRows('global', globalGates),
        ...gateRows('account', (orderClass) => accountGates(orderClass, NAMED)),
        ...gateRows('strategy', strategyGates),
      ],
    ),
    '',
  ].join('\n');
}
