/** The rooms of the house, and in which of them a file lies. */

/** Each room of core with its rank: a room may import the rooms of a lower rank. */
export const CORE_RANK: Readonly<Record<string, number>> = {
  kernel: 0,
  access: 1,
  market: 2,
  signal: 3,
  order: 4,
  portfolio: 5,
  safety: 6,
  risk: 7,
  venue: 8,
  reconcile: 9,
  report: 10,
};

export type Room =
  | { readonly kind: 'core' | 'adapters' | 'functions'; readonly name: string }
  | {
      readonly kind:
        | 'ports'
        | 'runtime'
        | 'wiring'
        | 'events'
        | 'cloud'
        | 'local'
        | 'cli'
        | 'console'
        | 'tests'
        | 'ground';
    };

const WHOLE_ROOMS = {
  'shared/ports/': 'ports',
  'shared/runtime/': 'runtime',
  'shared/wiring/': 'wiring',
  'events/': 'events',
  'infra/cloud/': 'cloud',
  'infra/local/': 'local',
  'cli/': 'cli',
  'console/': 'console',
  'tests/': 'tests',
  '.ci/': 'tests',
} as const;

const NAMED_ROOMS = [
  { pattern: /^shared\/core\/([^/]+)\/[^/]/, kind: 'core' },
  { pattern: /^shared\/adapters\/([^/]+)\/[^/]/, kind: 'adapters' },
  { pattern: /^functions\/([^/]+)\/[^/]/, kind: 'functions' },
] as const;

/**
 * The room of a file, or null for a file that lies in none. What stands beside the stacks in infra obeys their law;
 * configuration at the root is the ground.
 */
export function roomOf(path: string): Room | null {
  for (const { pattern, kind } of NAMED_ROOMS) {
    const name = pattern.exec(path)?.[1];
    if (name !== undefined) return kind === 'core' && !Object.hasOwn(CORE_RANK, name) ? null : { kind, name };
  }
  for (const [folder, kind] of Object.entries(WHOLE_ROOMS)) if (path.startsWith(folder)) return { kind };
  if (/^infra\/[^/]+$/.test(path)) return { kind: 'cloud' };
  return path.includes('/') ? null : { kind: 'ground' };
}

/** "core/order", "ports": as the law's table writes it. */
export const labelOf = (room: Room): string => ('name' in room ? `${room.kind}/${room.name}` : room.kind);

export const sameRoom = (a: Room, b: Room): boolean => labelOf(a) === labelOf(b);
