/**
 * What each order comes to when a fact that it rests on is broken. Every outcome here was written down by hand, from what
 * has to be so; the test beside it drives the real workflows through each row, and the page in docs is this table.
 */
import type { BreakageName, LateName, NoName } from './breakages.ts';
import { allBut, expected, type Four, only, type Outcome, type Row } from './truth-row.ts';

export const DEPENDENCIES = [
  'global safety item',
  'account safety item',
  'strategy item',
  'policy',
  'book',
  'exposure',
  'quotes',
  'calendar',
  'broker account',
  'broker orders API',
  'broker positions',
  'reconciliation freshness',
  'clock',
  'journal',
  'model',
] as const;
export type Dependency = (typeof DEPENDENCIES)[number];

export const CONDITIONS = ['missing', 'unreadable', 'slow', 'stale', 'corrupt', 'skewed'] as const;
export type Condition = (typeof CONDITIONS)[number];

export interface BrokenRow extends Row<BreakageName> {
  readonly of: Dependency;
  readonly is: Condition;
}

/** A cell that cannot exist, and why. */
export interface NoRow {
  readonly of: Dependency;
  readonly is: Condition;
  readonly impossible: string;
}

type Entry = readonly [Condition, string, BreakageName, Four] | readonly [Condition, string];

const TABLE: Readonly<Record<Dependency, readonly Entry[]>> = {
  'global safety item': [
    ['missing', 'the item is deleted', 'global deleted', allBut('refused safety-item-missing', 'waits')],
    ['unreadable', 'the table does not answer for it', 'global unreadable', allBut('again tables-unreachable')],
    ['slow', 'its answer comes after the deadline', 'global slow', allBut('again tables-no-answer')],
    [
      'stale',
      'readers see it as it was before the kill switch was engaged',
      'global read late',
      ['refused kill-switch-engaged', 'waits', 'passes', 'passes'],
    ],
    [
      'corrupt',
      'its kill switch is a text',
      'global switch nonsense',
      ['refused kill-switch-engaged', 'waits', 'passes', 'passes'],
    ],
    [
      'corrupt',
      'its kill switch is gone',
      'global switch gone',
      ['refused kill-switch-engaged', 'waits', 'passes', 'passes'],
    ],
    ['skewed', 'it holds no instant that anything is compared with'],
  ],
  'account safety item': [
    ['missing', 'the item is deleted', 'account deleted', allBut('refused safety-item-missing')],
    ['unreadable', 'the table does not answer for it', 'account unreadable', allBut('again tables-unreachable')],
    ['slow', 'its answer comes after the deadline', 'account slow', allBut('again tables-no-answer')],
    [
      'stale',
      'readers see it as it was before the breaker tripped',
      'account read late',
      only('refused breaker-tripped'),
    ],
    [
      'corrupt',
      'its kill switch is a text',
      'account switch nonsense',
      ['refused kill-switch-engaged', 'waits', 'passes', 'passes'],
    ],
    ['corrupt', 'its breaker is in no state', 'account breaker nonsense', only('refused breaker-tripped')],
    ['corrupt', 'its breaker is gone', 'account breaker gone', only('refused breaker-tripped')],
    [
      'corrupt',
      'its trading state is none',
      'account state nonsense',
      ['refused reducing-only', 'waits', 'passes', 'passes'],
    ],
    ['corrupt', 'nobody can say whether it is live', 'account live nonsense', only('refused not-armed')],
    [
      'skewed',
      'its quiet period was set by a clock that is a day ahead',
      'account quiet until tomorrow',
      only('refused quiet-period'),
    ],
  ],
  'strategy item': [
    ['missing', 'the item is deleted', 'strategy deleted', allBut('refused strategy-missing', 'waits')],
    ['unreadable', 'the table does not answer for it', 'strategy unreadable', allBut('again tables-unreachable')],
    ['slow', 'its answer comes after the deadline', 'strategy slow', allBut('again tables-no-answer')],
    [
      'stale',
      'readers see it as it was before it was disabled',
      'strategy read late',
      only('refused strategy-disabled'),
    ],
    ['corrupt', 'nobody can say whether it is enabled', 'strategy enabled nonsense', only('refused strategy-disabled')],
    [
      'corrupt',
      'its kill switch is a text',
      'strategy switch nonsense',
      ['refused kill-switch-engaged', 'waits', 'passes', 'passes'],
    ],
    ['skewed', 'it holds no instant that anything is compared with'],
  ],
  policy: [
    ['missing', 'the version in force is deleted', 'policy deleted', only('refused policy-missing')],
    ['unreadable', 'the table does not answer for it', 'policy unreadable', allBut('again tables-unreachable')],
    ['slow', 'its answer comes after the deadline', 'policy slow', allBut('again tables-no-answer')],
    [
      'stale',
      'the function sees the version before, and the one in force blacklists the symbol',
      'policy read late',
      only('refused policy-version-changed'),
    ],
    ['corrupt', 'its document is torn', 'policy torn', only('dead-letter policy-corrupt')],
    ['corrupt', 'one of its limits is no number', 'policy limit nonsense', only('dead-letter policy-corrupt')],
    ['corrupt', 'nobody can say which version is in force', 'policy number nonsense', only('refused policy-missing')],
    ['skewed', 'versions are counted, not dated'],
  ],
  book: [
    ['missing', 'the item is deleted', 'book deleted', allBut('refused book-missing')],
    ['unreadable', 'the table does not answer for it', 'book unreadable', allBut('again tables-unreachable')],
    ['slow', 'its answer comes after the deadline', 'book slow', allBut('again tables-no-answer')],
    [
      'stale',
      'readers see it as it was before its last change, however often they look',
      'book read late',
      allBut('refused book-version-changed', 'again book-contended'),
    ],
    ['corrupt', 'its shares are no list', 'book shares nonsense', allBut('dead-letter item-corrupt')],
    ['skewed', 'its last fill lies in the future', 'book filled tomorrow', only('refused symbol-cooldown')],
  ],
  exposure: [
    ['missing', 'the item is deleted', 'exposure deleted', allBut('refused exposure-missing', 'waits')],
    [
      'unreadable',
      'the table does not answer for it',
      'exposure unreadable',
      allBut('again tables-unreachable', 'waits'),
    ],
    [
      'slow',
      'its answer comes after the deadline',
      'exposure slow',
      allBut('again tables-no-answer', 'again tables-answer-lost'),
    ],
    [
      'stale',
      'readers see it as it was before the headroom was taken',
      'exposure read late',
      only('refused headroom-exceeded'),
    ],
    [
      'corrupt',
      'what is committed is a text',
      'exposure committed nonsense',
      allBut('dead-letter item-corrupt', 'dead-letter tables-malformed'),
    ],
    [
      'skewed',
      'it counts the orders of another session',
      'exposure of another session',
      only('refused reconciliation-other-session'),
    ],
  ],
  quotes: [
    ['missing', 'nobody quotes the symbol', 'quotes missing', only('refused quote-missing')],
    ['unreadable', 'the data service answers 503', 'quotes unreadable', only('again broker-answer-garbled')],
    ['slow', 'the data service does not answer in time', 'quotes slow', only('again broker-unreachable')],
    ['stale', 'the quote is 31 s old', 'quotes old', only('refused quote-stale')],
    ['corrupt', 'the ask is no number', 'quotes nonsense', only('dead-letter broker-answer-unreadable')],
    ['corrupt', 'the bid lies above the ask', 'quotes crossed', only('refused spread-too-wide')],
    ['skewed', 'the quote is stamped ten minutes ahead', 'quotes ahead', only('refused quote-stale')],
  ],
  calendar: [
    ['missing', 'the year lies beyond the calendar', 'year 2051', allBut('dead-letter unexpected')],
    ['unreadable', 'it is code of the bundle and is read from nowhere'],
    ['slow', 'it is code of the bundle and answers at once'],
    [
      'stale',
      'the exchange stays closed and the calendar does not know: the last quote is of the day before',
      'unforeseen closing',
      only('refused quote-stale'),
    ],
    ['corrupt', 'it is code of the bundle; tests hold it to the published sessions of every year'],
    ['skewed', 'it has no clock: that of the function is below'],
  ],
  'broker account': [
    ['missing', 'the broker answers 404', 'broker account missing', only('again broker-answer-garbled')],
    ['unreadable', 'the broker answers 503', 'broker account unreadable', only('again broker-answer-garbled')],
    ['slow', 'the broker does not answer in time', 'broker account slow', only('again broker-unreachable')],
    ['stale', 'the answer has no stamp: the book and the exposure hold what it does not know of yet'],
    ['corrupt', 'the cash is no number', 'broker account nonsense', only('dead-letter broker-answer-unreadable')],
    ['corrupt', 'the answer is torn', 'broker account torn', only('again broker-answer-garbled')],
    ['skewed', 'the answer has no stamp'],
  ],
  'broker orders API': [
    [
      'missing',
      "every call meets a proxy's 404 and reaches nobody",
      'orders API missing',
      ['unknown', 'unknown', 'again cancel-comes-again', 'unknown'],
    ],
    [
      'unreadable',
      "every call meets a proxy's 503 and reaches nobody",
      'orders API unreadable',
      ['unknown', 'unknown', 'again cancel-comes-again', 'unknown'],
    ],
    [
      'slow',
      'no call is carried out or answered',
      'orders API never',
      ['unknown', 'unknown', 'again cancel-comes-again', 'unknown'],
    ],
    [
      'slow',
      'every call is carried out and none is answered',
      'orders API silent',
      ['unknown', 'unknown', 'again cancel-comes-again', 'unknown'],
    ],
    [
      'stale',
      'the order is taken without an answer, and look-ups do not find it',
      'orders API forgetful',
      ['unknown', 'unknown', 'passes', 'unknown'],
    ],
    [
      'corrupt',
      'the order is taken, its answer is torn, and look-ups fail',
      'orders API torn',
      ['unknown', 'unknown', 'passes', 'unknown'],
    ],
    ['skewed', 'its stamps only rank the news of one order; the clocks are held against each other below'],
  ],
  'broker positions': [
    [
      'missing',
      'reconciliation is stale, and the broker answers 404 in a page',
      'positions missing',
      allBut('refused reconciliation-stale', 'again broker-answer-garbled'),
    ],
    [
      'unreadable',
      'reconciliation is stale, and the broker answers 503',
      'positions unreadable',
      allBut('refused reconciliation-stale', 'again broker-answer-garbled'),
    ],
    [
      'slow',
      'reconciliation is stale, and the broker does not answer in time',
      'positions slow',
      allBut('refused reconciliation-stale', 'again broker-unreachable'),
    ],
    [
      'stale',
      'reconciliation is stale, and the broker lets go of none of the shares',
      'positions say less',
      allBut('refused reconciliation-stale', 'waits'),
    ],
    [
      'corrupt',
      'reconciliation is stale, and the quantity is no number',
      'positions nonsense',
      allBut('refused reconciliation-stale', 'dead-letter broker-answer-unreadable'),
    ],
    ['skewed', 'the answer has no stamp: it counts from when it was asked for'],
  ],
  'reconciliation freshness': [
    ['missing', 'no pass has ever succeeded', 'never reconciled', only('refused reconciliation-stale')],
    ['unreadable', 'it lies in the account safety item'],
    ['slow', 'a pass that takes too long counts from its start, and goes stale as one that never came'],
    ['stale', 'the last pass began 181 s ago', 'pass too old', only('refused reconciliation-stale')],
    [
      'stale',
      'the last pass was in the session before',
      'pass of another session',
      only('refused reconciliation-other-session'),
    ],
    [
      'stale',
      'the last pass was by the build before',
      'pass of another build',
      only('refused reconciliation-other-build'),
    ],
    ['corrupt', 'its instant is a text', 'pass nonsense', only('refused reconciliation-stale')],
    ['skewed', 'the last pass began a second from now', 'pass ahead', only('refused reconciliation-stale')],
  ],
  clock: [
    ['missing', 'a function always has one'],
    ['unreadable', 'a function always has one'],
    ['slow', 'a clock that lags is one that is behind'],
    ['stale', 'a clock that stands still is one that is behind'],
    ['corrupt', 'a clock that tells nonsense is one that is far ahead or behind'],
    ['skewed', "the function's clock is 2 minutes ahead", 'clock ahead', only('refused quote-stale')],
    ['skewed', "the function's clock is 10 minutes ahead", 'clock far ahead', allBut('refused decision-stale')],
    [
      'skewed',
      "the function's clock is 2 minutes behind that of the others",
      'clock behind',
      [
        'refused quote-stale',
        'again request-budget-exhausted',
        'again cancel-comes-again',
        'again request-budget-exhausted',
      ],
    ],
  ],
  journal: [
    [
      'missing',
      'there is no such table',
      'journal gone',
      [
        'dead-letter tables-not-found',
        'dead-letter tables-not-found',
        'dead-letter tables-not-found',
        'dead-letter tables-not-found',
      ],
    ],
    [
      'unreadable',
      'the table does not answer',
      'journal unwritable',
      ['again tables-unreachable', 'again tables-unreachable', 'again tables-unreachable', 'again tables-unreachable'],
    ],
    [
      'slow',
      'its answers come after the deadline',
      'journal slow',
      ['again tables-answer-lost', 'again tables-answer-lost', 'again tables-answer-lost', 'again tables-answer-lost'],
    ],
    ['stale', 'it is only ever added to, and nothing is decided by reading it'],
    [
      'corrupt',
      "nonsense lies where the order's next fact belongs",
      'journal place taken',
      ['dead-letter item-corrupt', 'dead-letter item-corrupt', 'again order-contended', 'dead-letter item-corrupt'],
    ],
    ['skewed', 'its entries are ordered by sequence, not by time'],
  ],
  model: [
    ['missing', 'no version was ever put to use', 'model never active', only('refused model-unusable')],
    ['missing', 'the active version is deleted', 'model deleted', only('refused model-unusable')],
    ['unreadable', 'the table does not answer for it', 'model unreadable', only('again tables-unreachable')],
    ['slow', 'its answer comes after the deadline', 'model slow', only('again tables-no-answer')],
    [
      'stale',
      'the one of the quarter before is active',
      'model of the quarter before',
      only('refused model-not-fresh'),
    ],
    ['stale', 'the one that is pinned is too old', 'model pinned and old', only('refused model-not-fresh')],
    [
      'corrupt',
      'one of its weights has changed in the last bit',
      'model weight changed',
      only('refused model-unusable'),
    ],
    ['corrupt', 'its document is torn', 'model torn', only('refused model-unusable')],
    ['corrupt', 'nobody can say whether it is pinned', 'model alias nonsense', only('refused model-unusable')],
    ['skewed', 'it was trained through a session that is not over', 'model ahead', only('refused model-not-fresh')],
  ],
};

const entries = DEPENDENCIES.flatMap((of) => TABLE[of].map((entry) => ({ of, entry })));

export const BROKEN: readonly BrokenRow[] = entries.flatMap(({ of, entry }) =>
  entry.length === 2 ? [] : [{ of, is: entry[0], because: entry[1], breakage: entry[2], ...expected(entry[3]) }],
);

export const IMPOSSIBLE: readonly NoRow[] = entries.flatMap(({ of, entry }) =>
  entry.length === 2 ? [{ of, is: entry[0], impossible: entry[1] }] : [],
);

const row = <B extends string>(because: string, breakage: B, four: Four): Row<B> => ({
  because,
  breakage,
  ...expected(four),
});

/** Facts that are there, fresh, and say no. */
export const SAY_NO: readonly Row<NoName>[] = [
  row('the global kill switch is engaged', 'global switch', [
    'refused kill-switch-engaged',
    'waits',
    'passes',
    'passes',
  ]),
  row("the account's kill switch is engaged", 'account switch', [
    'refused kill-switch-engaged',
    'waits',
    'passes',
    'passes',
  ]),
  row("the strategy's kill switch is engaged", 'strategy switch', [
    'refused kill-switch-engaged',
    'waits',
    'passes',
    'passes',
  ]),
  row('the breaker is tripped', 'breaker tripped', only('refused breaker-tripped')),
  row('the quiet period has a millisecond left', 'quiet period', only('refused quiet-period')),
  row('the account is REDUCING', 'state reducing', only('refused reducing-only')),
  row('the account is HALTED', 'state halted', ['refused reducing-only', 'waits', 'passes', 'passes']),
  row('the account is live and was never armed', 'not armed', only('refused not-armed')),
  row("the account's arming has just run out", 'arming over', only('refused not-armed')),
  row('the strategy is disabled', 'strategy disabled', only('refused strategy-disabled')),
  row('the symbol is quarantined', 'symbol quarantined', only('refused symbol-quarantined')),
  row('the broker has blocked the account', 'account blocked', allBut('refused broker-account-restricted', 'waits')),
  row('the session is over', 'session closed', allBut('refused session-closed')),
  row('SAFE_MODE is on', 'safe mode', allBut('refused safe-mode')),
  row('TRADING_DISABLED is on', 'trading disabled', [
    'refused trading-disabled',
    'refused trading-disabled',
    'passes',
    'passes',
  ]),
  row('STRATEGY_DISABLED_LIST names the strategy', 'strategy on the list', only('refused strategy-disabled')),
];

const looked = (entry: Outcome, exit: Outcome, flatten: Outcome): Four => [entry, exit, 'passes', flatten];

/** What breaks, or says no, after the claim and before the last look. A cancel has none, and passes. */
export const BROKEN_LATE: readonly Row<LateName>[] = [
  row('the global kill switch is engaged', 'global switch', looked('withdrawn kill-switch-engaged', 'waits', 'passes')),
  row('the global safety item is deleted', 'global deleted', looked('withdrawn safety-item-missing', 'waits', 'waits')),
  row(
    'the global safety item cannot be read',
    'global unreadable',
    looked('again tables-unreachable', 'waits', 'waits'),
  ),
  row(
    "the account's kill switch is engaged",
    'account switch',
    looked('withdrawn kill-switch-engaged', 'waits', 'passes'),
  ),
  row(
    "the account's safety item is deleted",
    'account deleted',
    looked('withdrawn safety-item-missing', 'waits', 'waits'),
  ),
  row(
    "the look's answer comes after the deadline",
    'account slow',
    looked('again tables-answer-lost', 'again tables-answer-lost', 'again tables-answer-lost'),
  ),
  row(
    'the look takes longer than the call may wait for',
    'look takes too long',
    looked('again broker-throttled', 'waits', 'waits'),
  ),
  row('the breaker trips', 'breaker tripped', looked('withdrawn breaker-tripped', 'passes', 'passes')),
  row('the breaker is in no state', 'breaker nonsense', looked('withdrawn breaker-tripped', 'passes', 'passes')),
  row('the account is HALTED', 'state halted', looked('withdrawn reducing-only', 'waits', 'passes')),
  row('the account is live and not armed', 'not armed', looked('withdrawn not-armed', 'passes', 'passes')),
  row('the strategy is disabled', 'strategy disabled', looked('withdrawn strategy-disabled', 'passes', 'passes')),
  row('the strategy item is deleted', 'strategy deleted', looked('dead-letter settle-refused', 'waits', 'waits')),
  row('the policy changes', 'policy changed', looked('withdrawn policy-version-changed', 'passes', 'passes')),
  row('the last pass is too old', 'pass too old', looked('withdrawn reconciliation-stale', 'passes', 'passes')),
  row(
    'the last pass began a second from now',
    'pass ahead',
    looked('withdrawn reconciliation-stale', 'passes', 'passes'),
  ),
  row('a deployment with SAFE_MODE goes on', 'safe mode', looked('withdrawn safe-mode', 'waits', 'waits')),
  row(
    'a deployment with TRADING_DISABLED goes on',
    'trading disabled',
    looked('withdrawn trading-disabled', 'waits', 'passes'),
  ),
  row('the clock jumps ten minutes ahead', 'clock far ahead', looked('withdrawn decision-stale', 'waits', 'waits')),
];
