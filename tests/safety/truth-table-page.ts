/** The truth table as a page to read: docs/concepts/fail-closed.md is this text and nothing else. */
import { BROKEN, BROKEN_LATE, CONDITIONS, DEPENDENCIES, IMPOSSIBLE, SAY_NO } from './truth-table.ts';
import type { Expected } from './truth-row.ts';

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const outcomes = ({ entry, exit, cancel, flatten }: Expected): readonly string[] =>
  [entry, exit, cancel, flatten].map((outcome) => {
    const [word = '', code] = outcome.split(' ');
    return code === undefined ? word : `${word} \`${code}\``;
  });

const HEAD = ['an entry', 'an exit', 'a cancel', 'a flatten'];

const table = (first: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => {
  const head = [...first, ...HEAD];
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
};

const ofDependency = (of: (typeof DEPENDENCIES)[number]): readonly string[] => [
  `### ${of.slice(0, 1).toUpperCase()}${of.slice(1)}`,
  '',
  ...table(
    ['', 'what is wrong'],
    CONDITIONS.flatMap((is) => [
      ...BROKEN.filter((row) => row.of === of && row.is === is).map((row) => [is, row.because, ...outcomes(row)]),
      ...IMPOSSIBLE.filter((row) => row.of === of && row.is === is).map((row) => [
        is,
        `cannot be: ${row.impossible}`,
        ...HEAD.map(() => '-'),
      ]),
    ]),
  ),
  '',
];

const cells = (BROKEN.length + SAY_NO.length + BROKEN_LATE.length) * HEAD.length;

/** The whole page, in Markdown. */
export const renderTruthTable = (): string =>
  [
    '# Fail-closed, as a table',
    '',
    'This page is made from `tests/safety/truth-table.ts`, where every outcome was written by hand; `npm test` drives the',
    `real workflows through each of its ${cells} cells, against the broker simulator over HTTP. To write it anew:`,
    "`npx vitest run tests/safety --update`. The same over DynamoDB's emulator, in some minutes:",
    '`BELAY_TRUTH_TABLES=emulator npx vitest run tests/safety/truth-table.test.ts`.',
    '',
    'An order may add risk only while every fact that it rests on is there, fresh and says yes. Whatever fails, an entry',
    'never passes; and as little as can be keeps anybody from taking risk off.',
    '',
    '| outcome | means |',
    '| --- | --- |',
    '| passes | the broker has the order, or has canceled it |',
    '| refused | ended with this code before it was claimed; nothing was sent |',
    '| withdrawn | claimed, and ended with this code at its last look; nothing was sent |',
    '| waits | the exit stays open in the book, and is driven again until the position is flat; nothing was sent |',
    '| again | its command comes again; nothing was sent |',
    '| unknown | it may be at the broker, once. Its exposure stays reserved, its symbol takes no entry, and it is looked for |',
    '| dead-letter | its command ends with an alarm, and a person looks; nothing was sent |',
    '',
    'What waits or comes again happens, once, as soon as the fact is well again: the test mends each world and looks.',
    'A refusal is final: whoever wants the order asks again.',
    '',
    '## When a fact is broken',
    '',
    ...DEPENDENCIES.flatMap(ofDependency),
    '## When a fact says no',
    '',
    ...table(
      ['what it says'],
      SAY_NO.map((row) => [row.because, ...outcomes(row)]),
    ),
    '',
    '## When a fact breaks, or says no, between the claim and the last look',
    '',
    'A cancel has no last look.',
    '',
    ...table(
      ['what happens'],
      BROKEN_LATE.map((row) => [row.because, ...outcomes(row)]),
    ),
    '',
    '## What damaged facts count as',
    '',
    'A flag of a safety item that is missing or not readable counts as what lets the least pass: a kill switch as engaged,',
    'a breaker as tripped, a trading state as HALTED, an account as live and not armed, a strategy as disabled, a pass of',
    'reconciliation as never made. A policy that is not there or not readable stops entries; closing orders are then held to',
    'the limits of a new account. A model that is not there, not whole or not the one that is due stops the entries of its',
    'strategy, and no other model takes its place. Each can be set right over the API.',
    '',
  ].join('\n');
