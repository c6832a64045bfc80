/** Who may do what, as a page to read: docs/concepts/access.md is this text and nothing else. */
import { INTERNAL_SCHEME } from '#shared/core/access/internal-token.ts';
import { type Permission, PERMISSIONS, ROLE_PERMISSIONS, ROLES } from '#shared/core/access/permissions.ts';
import { RATE_LIMITS } from './limits.ts';
import { CONTROL_ROUTES } from './openapi.ts';
import { INTERNAL_ROUTES } from './routes.ts';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  row(head),
  row(head.map(() => '---')),
  ...rows.map(row),
];

const mark = (has: boolean): string => (has ? 'yes' : '');

const permissionRow = (permission: Permission): readonly string[] => [
  `\`${permission}\``,
  ...ROLES.map((role) => mark(ROLE_PERMISSIONS[role].includes(permission))),
];

export const renderAccess = (): string =>
  `${[
    '# Who may do what',
    '',
    'Made of the table of routes and the table of roles; a test holds this page to them. A role is a group of the',
    'token. A group `strategy:<name>` narrows orders, cancels and switches of strategies to the strategies so named;',
    'without such a group all of them are in reach.',
    '',
    '## Roles',
    '',
    ...table(['permission', ...ROLES], PERMISSIONS.map(permissionRow)),
    '',
    '## Routes',
    '',
    ...table(
      ['route', 'permission', 'requests a minute', ...ROLES],
      CONTROL_ROUTES.map(([, { method, path, permission, rate, open }]) => [
        `\`${method} ${path}\``,
        permission === null ? 'open' : `\`${permission}\``,
        open !== null ? `${open.rateMax} a second` : rate === 'halt' ? 'no limit' : String(RATE_LIMITS[rate]),
        ...ROLES.map((role) => mark(permission === null || ROLE_PERMISSIONS[role].includes(permission))),
      ]),
    ),
    '',
    'Budgets are shared by all callers of an account, by class of route. What stops trading has none, and neither has the',
    'question whether the house stands.',
    '',
    '## Services',
    '',
    'Programs of the house call the routes below without a token of a person. Each call is signed: the header',
    `\`Authorization: ${INTERNAL_SCHEME} <service>:<epoch seconds>:<nonce>:<signature>\` carries the HMAC-SHA256, in lower-case`,
    'hex, under the secret that both ends hold, of eight lines joined by line feeds:',
    '',
    '```',
    INTERNAL_SCHEME,
    '<method in upper case>',
    '<path: decoded, and each segment percent-encoded as encodeURIComponent does>',
    '<query: pairs sorted by name, then value, encoded as a form; empty without a query>',
    '<SHA-256 of the bytes of the body, in hex; of no bytes without a body>',
    '<service>',
    '<epoch seconds>',
    '<nonce: 16 to 64 letters, digits, - and _>',
    '```',
    '',
    'The time may be 300 s away, before or after (`INTERNAL_TOKEN_TOLERANCE_SECONDS`). A nonce is good once: it is written',
    'down by a conditional put before anything else is done. The service acts as `service:<name>` in the role',
    '`INTERNAL_TOKEN_ROLE` (`trader` unless it is set). A secret is changed by putting the new one in as `secret` and the',
    'old one as `previous`; the old one goes once every service has the new one. `npm run token:internal -- "GET',
    '/internal/v1/positions"` prints the header of one call.',
    '',
    "What takes a person's word, such as disengaging, resetting, forcing and arming, has no such route.",
    '',
    ...table(
      ['route', 'permission', 'at the gateway'],
      INTERNAL_ROUTES.map(([, { method, path, permission, open }]) => [
        `\`${method} ${path}\``,
        permission === null ? 'open' : `\`${permission}\``,
        open === null ? '' : `${open.rateMax} a second`,
      ]),
    ),
  ].join('\n')}\n`;
