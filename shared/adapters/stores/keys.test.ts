import { describe, expect, it } from 'vitest';
import { accountId, runId, strategyId } from '#shared/core/kernel/identity.ts';
import { REQUEST_GATE_PARTITION } from '#shared/ports/table-catalogue.ts';
import { accountSafetyKey, globalSafetyKey, policyKey, requestGateKey, runKey, strategyKey } from './keys.ts';

const account = accountId('paper-1');

describe('keys of the safety table', () => {
  it('keep everything but the request gates out of the partitions that whoever calls the broker may write', () => {
    const kept = [
      globalSafetyKey,
      accountSafetyKey(account),
      strategyKey(account, strategyId('momentum')),
      policyKey(account, 1),
      runKey(account, runId('run-1')),
    ];
    expect(kept.filter(({ pk }) => pk.startsWith(REQUEST_GATE_PARTITION))).toEqual([]);
    expect(requestGateKey(account, 'trading').pk.startsWith(REQUEST_GATE_PARTITION)).toBe(true);
    expect(requestGateKey(account, 'trading')).not.toEqual(requestGateKey(account, 'data'));
  });
});
