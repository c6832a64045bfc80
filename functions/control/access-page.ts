/** Who may do what, as a page to read: docs/concepts/access.md is this text and nothing else. */
import { type Permission, PERMISSIONS, ROLE_PERMISSIONS, ROLES } from '#shared/core/access/permissions.ts';
import { RATE_LIMITS } from './limits.ts';
import { CONTROL_ROUTES } from './openapi.ts';

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
    'Budgets are shared by all callers of an account, by class of route. What stops trading has none.',
  ].join('\n')}\n`;
