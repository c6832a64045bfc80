/** The policy: looked at, replaced, rolled back; fat-finger limits are a part of it. Each change is a version. */
import * as z from 'zod';
import { formatMoney, formatQuantity } from '#shared/core/kernel/decimal.ts';
import { formatEpochMs } from '#shared/core/kernel/instant.ts';
import { refusal } from '#shared/core/kernel/refusal.ts';
import type { Policy } from '#shared/core/portfolio/policy.ts';
import { policyDifferences } from '#shared/core/portfolio/policy-diff.ts';
import {
  type Call,
  type ControlDependencies,
  done,
  malformed,
  notFound,
  operation,
  type Outcome,
  refused,
} from './operation.ts';
import { cursorOf, placeOf } from './page-cursor.ts';
import { SAFETY_SCHEMAS } from './safety-schemas.ts';

const MISSING = refused(refusal('policy-missing', 'the account has no policy; `belay init` makes the first'));
const noSuchVersion = (version: number) => notFound('policy-version-not-found', `there is no version ${version}`);

const fatFingerOf = ({ version, limits }: Policy) => ({
  policy_version: version,
  notional_max: formatMoney(limits.fatFingerNotionalMax),
  quantity_max: formatQuantity(limits.fatFingerQuantityMax),
  volume_share_bps_max: Number(limits.fatFingerVolumeShareBpsMax),
});

interface Change {
  readonly expected_version?: number | undefined;
  readonly reason: string;
}

/** The number of the version in force, which is known also where its document is not readable. */
async function versionInForce({ safety, accountId }: ControlDependencies): Promise<number | null> {
  return (await safety.read(accountId)).account?.policyVersion ?? null;
}

/** Publishes a document that is not known to be right: its faults are the caller's, named by their field. */
async function publish<R>(
  { policies, accountId }: ControlDependencies,
  call: Call,
  inForce: number,
  document: unknown,
  change: Change,
  view: (policy: Policy) => R,
): Promise<Outcome<R>> {
  const expected = change.expected_version ?? inForce;
  try {
    const published = await policies.publish(accountId, document, {
      expected,
      by: call.subject,
      reason: change.reason,
      now: call.now,
    });
    return published.ok ? done(view(published.value)) : refused(published.error);
  } catch (thrown) {
    if (thrown instanceof z.ZodError) return malformed(thrown, ['document']);
    throw thrown;
  }
}

export const getFatFingerThresholds = operation(
  SAFETY_SCHEMAS.getFatFingerThresholds,
  async ({ policies, accountId }) => {
    const active = await policies.active(accountId);
    return active === null ? MISSING : done(fatFingerOf(active));
  },
);

export const putFatFingerThresholds = operation(
  SAFETY_SCHEMAS.putFatFingerThresholds,
  async (dependencies, call, { body }) => {
    const active = await dependencies.policies.active(dependencies.accountId);
    if (active === null) return MISSING;
    const document = dependencies.documentOf(active);
    const { limits } = document;
    const changed = {
      ...(body.notional_max === undefined ? {} : { fatFingerNotionalMax: body.notional_max }),
      ...(body.quantity_max === undefined ? {} : { fatFingerQuantityMax: body.quantity_max }),
      ...(body.volume_share_bps_max === undefined ? {} : { fatFingerVolumeShareBpsMax: body.volume_share_bps_max }),
    };
    const next = { ...document, limits: { ...(typeof limits === 'object' ? limits : {}), ...changed } };
    return publish(dependencies, call, active.version, next, body, fatFingerOf);
  },
);

export const getPolicy = operation(SAFETY_SCHEMAS.getPolicy, async (dependencies, _call, { query }) => {
  const { policies, accountId, documentOf } = dependencies;
  const found =
    query.version === undefined ? await policies.active(accountId) : await policies.version(accountId, query.version);
  if (found !== null) return done({ version: found.version, document: { ...documentOf(found) } });
  return query.version === undefined ? MISSING : noSuchVersion(query.version);
});

const policyViewOf =
  ({ documentOf }: ControlDependencies) =>
  (policy: Policy) => ({ version: policy.version, document: { ...documentOf(policy) } });

export const putPolicy = operation(SAFETY_SCHEMAS.putPolicy, async (dependencies, call, { body }) => {
  const inForce = await versionInForce(dependencies);
  if (inForce === null) return MISSING;
  return publish(dependencies, call, inForce, body.document, body, policyViewOf(dependencies));
});

export const rollBackPolicy = operation(SAFETY_SCHEMAS.rollBackPolicy, async (dependencies, call, { body }) => {
  const { policies, accountId, documentOf } = dependencies;
  const [inForce, earlier] = await Promise.all([
    versionInForce(dependencies),
    policies.version(accountId, body.version),
  ]);
  if (inForce === null) return MISSING;
  if (earlier === null) return noSuchVersion(body.version);
  return publish(dependencies, call, inForce, documentOf(earlier), body, policyViewOf(dependencies));
});

export const getPolicyDiff = operation(SAFETY_SCHEMAS.getPolicyDiff, async (dependencies, _call, { query }) => {
  const { policies, accountId, documentOf } = dependencies;
  const [from, to] = await Promise.all([
    policies.version(accountId, query.from),
    policies.version(accountId, query.to),
  ]);
  if (from === null) return noSuchVersion(query.from);
  if (to === null) return noSuchVersion(query.to);
  return done({ ...query, changes: policyDifferences(documentOf(from), documentOf(to)).map((one) => ({ ...one })) });
});

const VERSIONS_DEFAULT = 50;

/** A place that is no number lists from the newest on. */
function beforeOf(cursor: string | undefined): { readonly before?: number } {
  const version = cursor === undefined ? Number.NaN : Number(placeOf(cursor));
  return Number.isSafeInteger(version) && version >= 1 && version <= 999_999_999 ? { before: version } : {};
}

export const getPolicyVersions = operation(
  SAFETY_SCHEMAS.getPolicyVersions,
  async ({ policies, safety, accountId }, _call, { query }) => {
    const limit = query.limit ?? VERSIONS_DEFAULT;
    const [versions, { account }] = await Promise.all([
      policies.history(accountId, { limit, ...beforeOf(query.cursor) }),
      safety.read(accountId),
    ]);
    const last = versions.at(-1);
    return done({
      versions: versions.map(({ version, by, reason, at }) => ({
        version,
        by,
        reason,
        at: formatEpochMs(at),
        in_force: version === account?.policyVersion,
      })),
      cursor: last === undefined || last.version === 1 ? null : cursorOf(String(last.version)),
    });
  },
);
