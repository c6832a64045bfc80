import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { strategyId } from '#shared/core/kernel/identity.ts';
import { grantOf, groupsOf, mayUse, PERMISSIONS, reachesStrategy, ROLE_PERMISSIONS, ROLES } from './permissions.ts';

describe('groups of a claim', () => {
  it.each([
    [
      ['trader', 'viewer'],
      ['trader', 'viewer'],
    ],
    ['[trader viewer]', ['trader', 'viewer']],
    ['[trader, viewer]', ['trader', 'viewer']],
    ['  [operator]\n', ['operator']],
    ['admin', ['admin']],
    ['[]', []],
    ['', []],
    [undefined, []],
    [7, []],
    [['trader', 7, null], ['trader']],
  ])('%j is read as %j', (claim, groups) => {
    expect(groupsOf(claim)).toEqual(groups);
  });

  it('reads a list and the text that the gateway makes of it alike', () => {
    const group = fc.stringMatching(/^[a-z][a-z:-]{0,20}$/);
    fc.assert(
      fc.property(fc.array(group, { maxLength: 6 }), (groups) => {
        expect(groupsOf(`[${groups.join(' ')}]`)).toEqual(groupsOf(groups));
      }),
      { seed: 8, numRuns: 200 },
    );
  });
});

describe('grants', () => {
  it('give each role all that the weaker one may, and more', () => {
    for (const [index, role] of ROLES.entries()) {
      const weaker = ROLES[index - 1];
      if (weaker === undefined) continue;
      expect(ROLE_PERMISSIONS[role]).toEqual(expect.arrayContaining([...ROLE_PERMISSIONS[weaker]]));
      expect(ROLE_PERMISSIONS[role].length).toBeGreaterThan(ROLE_PERMISSIONS[weaker].length);
    }
    expect([...ROLE_PERMISSIONS.admin].sort()).toEqual([...PERMISSIONS].sort());
  });

  it('refuse everything to groups that are no role', () => {
    for (const groups of [[], ['Admin'], ['operators'], ['strategy:ma-crossover'], ['admin ']]) {
      expect(PERMISSIONS.filter((permission) => mayUse(grantOf(groups), permission))).toEqual([]);
    }
  });

  it('let a viewer look and nothing else', () => {
    const viewer = grantOf(['viewer']);
    expect(PERMISSIONS.filter((permission) => mayUse(viewer, permission))).toEqual(['VIEW_POSITIONS', 'VIEW_PNL']);
  });

  it('add up the permissions of several roles', () => {
    expect(mayUse(grantOf(['viewer', 'operator']), 'MANAGE_SAFETY')).toBe(true);
    expect(mayUse(grantOf(['viewer', 'trader']), 'MANAGE_SAFETY')).toBe(false);
  });

  it('narrow to the strategies of the scopes, and to none outside them', () => {
    const scoped = grantOf(['trader', 'strategy:ma-crossover']);
    expect(reachesStrategy(scoped, strategyId('ma-crossover'))).toBe(true);
    expect(reachesStrategy(scoped, strategyId('manual'))).toBe(false);
    expect(reachesStrategy(grantOf(['trader']), strategyId('manual'))).toBe(true);
  });
});
