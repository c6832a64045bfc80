/** The settings as a page to read: docs/concepts/settings.md is this text and nothing else. Who reads what comes from the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { DEPLOYED_LIMIT_NAMES } from '#shared/runtime/deployed-limits.ts';
import { OPERATOR_SETTING_NAMES, OPERATOR_SETTINGS, type OperatorSetting } from '#shared/runtime/operator-settings.ts';
import { SETTINGS, type VariableName } from '#shared/runtime/settings.ts';
import { ALPACA_SETTING_NAMES } from '#shared/wiring/alpaca-account.ts';
import { RATE_LIMIT_NAMES } from '#functions/control/limits.ts';

const isName = (text: string): text is VariableName => Object.hasOwn(SETTINGS, text);
export const SETTING_NAMES: readonly VariableName[] = Object.keys(SETTINGS).filter(isName);

/** Lists of settings that a wiring spreads, and what turns each into what is used. */
const SPREAD: readonly { readonly list: string; readonly by: string; readonly names: readonly VariableName[] }[] = [
  { list: '...DEPLOYED_LIMIT_NAMES', by: 'deployedLimitsOf(settings)', names: DEPLOYED_LIMIT_NAMES },
  { list: '...RATE_LIMIT_NAMES', by: 'rateLimitsOf(settings)', names: RATE_LIMIT_NAMES },
  { list: '...ALPACA_SETTING_NAMES', by: 'openAlpacaAccount(settings, ', names: ALPACA_SETTING_NAMES },
  { list: '...ALPACA_SETTING_NAMES', by: 'alpacaEndpointsOf(settings, ', names: ALPACA_SETTING_NAMES },
];

/** Whether a source asks for a setting and does something with it. */
export function uses(source: string, name: VariableName): boolean {
  const spread = SPREAD.filter(({ list, names }) => names.includes(name) && source.includes(list));
  if (spread.length > 0) return spread.some(({ by }) => source.includes(by));
  const asked = new RegExp(`'${name}'`).test(source);
  if (asked && name.startsWith('TABLE_') && source.includes('tablesOf(settings)')) return true;
  const used = new RegExp(`(settings|configuration|read)\\.${name}\\b|\\{[^}]*\\b${name}\\b[^}]*\\}\\s*=`).test(source);
  return asked && used;
}

/** Every source that reads settings, by the name of its room. */
function readers(): readonly (readonly [room: string, source: string])[] {
  const rooms = readdirSync('functions').map((room) => [room, `functions/${room}/wiring.ts`] as const);
  const commands = readdirSync('cli')
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => ['belay', `cli/${file}`] as const);
  return [...rooms, ...commands].map(([room, file]) => [room, readFileSync(file, 'utf8')] as const);
}

/** Who uses each setting: rooms in their order, and `belay` for the operator's command. */
export function usersOf(name: VariableName): readonly string[] {
  return [
    ...new Set(
      readers()
        .filter(([, source]) => uses(source, name))
        .map(([room]) => room),
    ),
  ];
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const code = (text: string): string => (text === '' ? 'empty' : `\`${text}\``);
const isChosen = (name: VariableName): boolean => OPERATOR_SETTING_NAMES.some((chosen) => chosen === name);

const standardOf = (name: VariableName): string => {
  const { standard } = SETTINGS[name];
  return standard === null ? 'must be set' : code(standard);
};

const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] =>
  [head, head.map(() => '---'), ...rows].map(line);

/** The whole page, in Markdown. */
export function renderSettings(): string {
  const held = OPERATOR_SETTING_NAMES.filter((name) => {
    const setting: OperatorSetting = OPERATOR_SETTINGS[name];
    return setting.heldOnLive === true;
  });
  return [
    '# Settings of a deployment',
    '',
    'This page is made from `shared/runtime/settings.ts`, the one configuration that all functions read, and from what',
    'their wirings do with it. To write it anew: `npx vitest run tests/settings --update`.',
    '',
    'A function whose settings are missing, wrong or at odds with one another refuses to start, and names every fault at',
    'once, never a value. What can change without a deploy (limits, universe, strategies) is the policy, not a setting;',
    'of a cap here and a limit there, the narrower one holds.',
    '',
    '## Chosen by the operator',
    '',
    'At a deploy: `npx cdk deploy -c FAT_FINGER_NOTIONAL_MAX=20000 ...`, or for one environment alone',
    '`-c dev.SAFE_MODE=true`. On one machine: `SAFE_MODE=true npm start`. The switches hold at once, too, where somebody',
    "sets the variable of the function Execute by hand in AWS's console: a function's environment is read when it starts,",
    'at the clearing and right before each call to the broker.',
    '',
    ...table(
      ['variable', 'what it means', 'standard', 'used by'],
      SETTING_NAMES.filter(isChosen).map((name) => [
        code(name),
        SETTINGS[name].means,
        standardOf(name),
        usersOf(name).join(', '),
      ]),
    ),
    '',
    '## Given by the stacks',
    '',
    ...table(
      ['variable', 'what it means', 'standard'],
      SETTING_NAMES.filter((name) => !isChosen(name)).map((name) => [
        code(name),
        SETTINGS[name].means,
        standardOf(name),
      ]),
    ),
    '',
    '## What live refuses to start with',
    '',
    ...held.map(
      (name) => `* \`${name}\` at anything but \`${OPERATOR_SETTINGS[name].standard}\`: the synthesis refuses it, too.`,
    ),
    '* `ALPACA_PAPER` that does not fit `ENVIRONMENT`, in either direction.',
    '* `ALPACA_BASE_URL` or `ALPACA_STREAM_URL` of the other side than `ALPACA_PAPER` says.',
    '* A secret whose name is not set, or that holds no key.',
    '',
    '## Secrets',
    '',
    "No secret is a variable: whoever may look at a function's settings would see it. The secrets lie in Secrets Manager, and",
    'the variables `SECRET_BROKER_ID`, `SECRET_WEBHOOK_ID` and `SECRET_INTERNAL_ID` name them: the key of the broker, what',
    'webhooks are signed with, and what calls from service to service are signed with.',
    '',
  ].join('\n');
}
