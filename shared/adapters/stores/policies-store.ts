/** Policy versions over the tables: each version stays; the account's safety item says which is in force. */
import type { Room } from '#events/envelope.ts';
import { aggregateOf, makeFact } from '#events/fact.ts';
import { ItemReader, text, whole } from '#shared/adapters/stores/attributes.ts';
import { journalPut } from '#shared/adapters/stores/journal-item.ts';
import { accountPartition, accountSafetyKey, policyKey } from '#shared/adapters/stores/keys.ts';
import { readPolicy, readPolicyText } from '#shared/adapters/stores/policy-document.ts';
import { readAccountSafety } from '#shared/adapters/stores/safety-item.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { AccountId } from '#shared/core/kernel/identity.ts';
import type { ItemTest } from '#shared/core/kernel/item.ts';
import { type Refusal, refusal } from '#shared/core/kernel/refusal.ts';
import { fail, type Result, succeed } from '#shared/core/kernel/result.ts';
import { ZERO_MONEY } from '#shared/core/kernel/decimal.ts';
import { firstPolicy } from '#shared/core/portfolio/first-policy.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { SAFETY } from '#shared/core/safety/gate-conditions.ts';
import type { AccountSafety } from '#shared/core/safety/safety-facts.ts';
import type { Policies, PolicyChange, PolicyVersion } from '#shared/ports/policies.ts';
import type { Tables, TransactWrite } from '#shared/ports/tables.ts';

/** As many as the key has digits for. */
const VERSION_MAX = 999_999_999;

/** How a version that is there and not readable shows. */
const UNREADABLE: ReadonlySet<string> = new Set(['policy-corrupt', 'item-corrupt']);

/** The writes that put a version in force: the version itself, the account's flag, and the fact. */
function publication(
  room: Room,
  seen: AccountSafety,
  policy: Policy,
  document: unknown,
  change: PolicyChange,
): readonly TransactWrite[] {
  const { accountId } = seen;
  const key = policyKey(accountId, policy.version);
  const place = {
    room,
    aggregateId: aggregateOf.account(accountId),
    sequence: seen.sequence + 1,
    occurredAt: change.now,
    correlationId: `policy:${policy.version}`,
    causationId: null,
  };
  const item = {
    pk: text(key.pk),
    sk: text(key.sk),
    version: whole(policy.version),
    document: text(JSON.stringify(document)),
    by: text(change.by),
    reason: text(change.reason),
    at: whole(change.now),
  };
  const set = {
    [SAFETY.policyVersion]: whole(policy.version),
    version: whole(seen.version + 1),
    sequence: whole(seen.sequence + 1),
  };
  const inForce: ItemTest = { op: 'equals', attribute: SAFETY.policyVersion, value: whole(change.expected) };
  const asSeen: ItemTest = { op: 'equals', attribute: 'version', value: whole(seen.version) };
  const fact = makeFact('policy.changed.v1', place, {
    accountId,
    version: policy.version,
    previousVersion: change.expected,
    by: change.by,
    reason: { code: 'operator', message: change.reason, context: {} },
  });
  return [
    { kind: 'put', table: 'safety', item, conditions: [{ name: 'policy-version-changed', test: { op: 'absent' } }] },
    {
      kind: 'update',
      table: 'safety',
      key: accountSafetyKey(accountId),
      set,
      conditions: [
        { name: 'policy-version-changed', test: inForce },
        { name: 'version-as-seen', test: asSeen },
      ],
    },
    journalPut(fact),
  ];
}

class PoliciesStore implements Policies {
  readonly #tables: Tables;
  readonly #room: Room;

  constructor(tables: Tables, room: Room) {
    this.#tables = tables;
    this.#room = room;
  }

  async version(accountId: AccountId, number: number): Promise<Policy | null> {
    const item = await this.#tables.get('safety', policyKey(accountId, number));
    if (item === null) return null;
    const stored = new ItemReader(item, `policy ${number}`).text('document');
    try {
      return readPolicyText(stored, number);
    } catch (cause) {
      throw new Fault('permanent', 'policy-corrupt', `policy ${number} of ${accountId} is not readable`, { cause });
    }
  }

  async forClosing(accountId: AccountId, number: number): Promise<Policy> {
    try {
      const found = await this.version(accountId, number);
      if (found !== null) return found;
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.kind !== 'permanent' || !UNREADABLE.has(thrown.code)) throw thrown;
    }
    return { ...firstPolicy([], [], ZERO_MONEY), version: number };
  }

  async history(
    accountId: AccountId,
    { limit, before }: { readonly limit: number; readonly before?: number },
  ): Promise<readonly PolicyVersion[]> {
    const page = await this.#tables.query({
      table: 'safety',
      partition: accountPartition(accountId),
      from: policyKey(accountId, 1).sk,
      to: policyKey(accountId, (before ?? VERSION_MAX + 1) - 1).sk,
      newestFirst: true,
      limit,
    });
    return page.items.map((item) => {
      const reader = new ItemReader(item, 'policy version');
      return {
        version: reader.whole('version'),
        by: reader.text('by'),
        reason: reader.text('reason'),
        at: reader.instant('at'),
      };
    });
  }

  async active(accountId: AccountId): Promise<Policy | null> {
    const item = await this.#tables.get('safety', accountSafetyKey(accountId));
    if (item === null) return null;
    const inForce = readAccountSafety(item).policyVersion;
    const found = await this.version(accountId, inForce);
    if (found === null) throw new Fault('permanent', 'policy-missing', `policy ${inForce} is in force and not there`);
    return found;
  }

  async publish(accountId: AccountId, document: unknown, change: PolicyChange): Promise<Result<Policy, Refusal>> {
    const policy = readPolicy(document, change.expected + 1);
    const item = await this.#tables.get('safety', accountSafetyKey(accountId));
    if (item === null) {
      return fail(refusal('safety-item-missing', 'the account has no safety item; `belay init` makes it'));
    }
    const seen = readAccountSafety(item);
    const outcome = await this.#tables.transact(publication(this.#room, seen, policy, document, change));
    if (outcome.ok) return succeed(policy);
    const names = outcome.failures.flatMap((failure) => failure.names);
    if (!names.includes('policy-version-changed')) {
      throw new Fault('transient', 'safety-item-contended', 'another change of the account won; try again');
    }
    return fail(
      refusal('policy-version-changed', `version ${change.expected} is not in force any more`, {
        inForce: String(seen.policyVersion),
      }),
    );
  }
}

/** @param room names who speaks in the facts. */
export const policiesStore = (tables: Tables, room: Room): Policies => new PoliciesStore(tables, room);
