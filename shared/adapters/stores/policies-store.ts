/** Policy versions over the tables: each version stays; the account's safety item says which is in force. */
import type { Room } from '#events/envelope.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { ItemReader, text, whole } from '#shared/adapters/stores/attributes.ts';
import { journalPut } from '#shared/adapters/stores/journal-item.ts';
import { accountSafetyKey, policyKey } from '#shared/adapters/stores/keys.ts';
import { readPolicy } from '#shared/adapters/stores/policy-document.ts';
import { readAccountSafety } from '#shared/adapters/stores/safety-item.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId } from '#shared/core/kernel/identity.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import { fail, succeed } from '#shared/core/kernel/result.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { SAFETY } from '#shared/core/safety/gate-conditions.ts';
import type { Policies } from '#shared/ports/policies.ts';
import type { Tables } from '#shared/ports/tables.ts';

export function policiesStore(tables: Tables, room: Room): Policies {
  const version = async (accountId: AccountId, number: number): Promise<Policy | null> => {
    const item = await tables.get('safety', policyKey(accountId, number));
    if (item === null) return null;
    const stored = new ItemReader(item, `policy ${number}`).text('document');
    try {
      return readPolicy(JSON.parse(stored), number);
    } catch (cause) {
      throw new Fault('permanent', 'policy-corrupt', `policy ${number} of ${accountId} is not readable`, { cause });
    }
  };

  return {
    version,

    async active(accountId) {
      const item = await tables.get('safety', accountSafetyKey(accountId));
      if (item === null) return null;
      const inForce = readAccountSafety(item).policyVersion;
      const found = await version(accountId, inForce);
      if (found === null) throw new Fault('permanent', 'policy-missing', `policy ${inForce} is in force and not there`);
      return found;
    },

    async publish(accountId, document, change) {
      const policy = readPolicy(document, change.expected + 1);
      const item = await tables.get('safety', accountSafetyKey(accountId));
      if (item === null)
        return fail(refusal('safety-item-missing', 'the account has no safety item; `belay init` makes it'));
      const seen = readAccountSafety(item);
      const place = {
        room,
        aggregateId: aggregateOf.account(accountId),
        sequence: seen.sequence + 1,
        occurredAt: change.now,
        correlationId: `policy:${policy.version}`,
        causationId: null,
      };
      const key = policyKey(accountId, policy.version);
      const outcome = await tables.transact([
        {
          kind: 'put',
          table: 'safety',
          item: {
            pk: text(key.pk),
            sk: text(key.sk),
            version: whole(policy.version),
            document: text(JSON.stringify(document)),
            by: text(change.by),
            reason: text(change.reason),
            at: whole(change.now),
          },
          conditions: [{ name: 'policy-version-changed', test: { op: 'absent' } }],
        },
        {
          kind: 'update',
          table: 'safety',
          key: accountSafetyKey(accountId),
          set: {
            [SAFETY.policyVersion]: whole(policy.version),
            version: whole(seen.version + 1),
            sequence: whole(seen.sequence + 1),
          },
          conditions: [
            {
              name: 'policy-version-changed',
              test: { op: 'equals', attribute: SAFETY.policyVersion, value: whole(change.expected) },
            },
            { name: 'version-as-seen', test: { op: 'equals', attribute: 'version', value: whole(seen.version) } },
          ],
        },
        journalPut(
          makeFact('policy.changed.v1', place, {
            accountId,
            version: policy.version,
            previousVersion: change.expected,
            by: change.by,
            reason: { code: 'operator', message: change.reason, context: {} },
          }),
        ),
      ]);
      if (outcome.ok) return succeed(policy);
      const names = outcome.failures.flatMap((failure) => failure.names);
      if (names.includes('policy-version-changed')) {
        return fail(
          refusal('policy-version-changed', `version ${change.expected} is not in force any more`, {
            inForce: String(seen.policyVersion),
          }),
        );
      }
      throw new Fault('transient', 'safety-item-contended', 'another change of the account won; try again');
    },
  };
}
