import { describe, expect, it } from 'vitest';
import { gateReference as gatesOfControl } from '#functions/control/gate-view.ts';
import { gateReference } from '#functions/execute/gather-facts.ts';
import { buildId } from '#shared/core/kernel/identity.ts';
import { parseEpochMs } from '#shared/core/kernel/instant.ts';

describe('the gates of an order', () => {
  const build = buildId('build-1');
  const policy = { version: 3, limits: { reconciliationAgeMsMax: 180_000 } };

  it.each([
    ['before the open asks for a pass of the day', '2026-03-10T13:05:00Z', '2026-03-10'],
    ['in session asks for a pass of it', '2026-03-10T15:00:00Z', '2026-03-10'],
    ['after the close asks for a pass of the session that was', '2026-03-10T23:00:00Z', '2026-03-10'],
    ['on a day without a session asks for a pass of the last', '2026-03-14T15:00:00Z', '2026-03-13'],
  ])('%s, as control tells it', (_, at, session) => {
    const now = parseEpochMs(at);
    const reference = gateReference(build, now, policy);
    expect(reference).toEqual({ now, session, build, policyVersion: 3, reconciliationAgeMsMax: 180_000 });
    expect(gatesOfControl({ build }, now, policy)).toEqual(reference);
  });
});
