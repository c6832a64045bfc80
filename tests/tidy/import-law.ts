/** Who may import whom: one row for each room of the house. */
import { posix } from 'node:path';
import { CORE_RANK, labelOf, type Room, roomOf, sameRoom } from './rooms.ts';
import { type ImportEdge, isTest, type SourceFile } from './source-file.ts';
import type { Violation } from './violation.ts';

/** What an import leads to: a file of the project, or a package or Node module by its name. */
export type Target =
  | { readonly kind: 'file'; readonly path: string; readonly room: Room | null }
  | { readonly kind: 'package'; readonly name: string };

/** Resolves a specifier as Node does, without looking at the disk. */
export function targetOf(from: string, specifier: string): Target {
  const path = specifier.startsWith('#')
    ? specifier.slice(1)
    : specifier.startsWith('.')
      ? posix.join(posix.dirname(from), specifier)
      : null;
  if (path !== null) return { kind: 'file', path, room: roomOf(path) };
  const parts = specifier.split('/');
  return { kind: 'package', name: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/') };
}

/** The software kit of each adapter. An adapter that is not listed has none. */
const ADAPTER_KITS: Readonly<Record<string, readonly string[]>> = {
  dynamodb: ['@aws-sdk/client-dynamodb'],
  sqs: ['@aws-sdk/client-sqs'],
  eventbridge: ['@aws-sdk/client-eventbridge'],
  scheduler: ['@aws-sdk/client-scheduler'],
  secrets: ['@aws-sdk/client-secrets-manager'],
  alpaca: ['cockatiel', 'ws'],
  btcturk: ['cockatiel', 'ws'],
};

/** A module that describes and does nothing: it imports nothing but types. */
const isDataOnly = (file: SourceFile | undefined): boolean => file?.imports.every((edge) => edge.typeOnly) === true;

const isMiddy = (name: string): boolean => name.startsWith('@middy/');
const isTelemetry = (name: string): boolean => name.startsWith('@aws-lambda-powertools/');
const isCdk = (name: string): boolean =>
  ['aws-cdk-lib', 'constructs', 'cdk-nag', 'cdk-monitoring-constructs', 'esbuild'].includes(name) ||
  name.startsWith('@aws-cdk/');
const isNode = (name: string): boolean => name.startsWith('node:');

interface Crossing {
  readonly from: string;
  readonly edge: ImportEdge;
  readonly target: Target;
  /** The file that is imported, where it has been read. */
  readonly targetFile: SourceFile | undefined;
}

type Row = { readonly says: string; readonly allows: (crossing: Crossing) => boolean };

const roomIs = (target: Target, ...kinds: readonly Room['kind'][]): boolean =>
  target.kind === 'file' && target.room !== null && kinds.includes(target.room.kind);
const isKernel = (target: Target): boolean =>
  target.kind === 'file' && target.room !== null && labelOf(target.room) === 'core/kernel';
const packageIs = (target: Target, ...tests: readonly (string | ((name: string) => boolean))[]): boolean =>
  target.kind === 'package' &&
  tests.some((test) => (typeof test === 'string' ? test === target.name : test(target.name)));
const fileIs = (target: Target, pattern: RegExp): boolean => target.kind === 'file' && pattern.test(target.path);

function coreRow(name: string): Row {
  const rank = CORE_RANK[name] ?? 0;
  return {
    says: `core/${name} imports kernel and lower rooms only: ${Object.keys(CORE_RANK).join(' < ')}`,
    allows: ({ from, target }) => {
      if (target.kind === 'package') return from === 'shared/core/kernel/hash.ts' && target.name === 'node:crypto';
      if (target.room?.kind !== 'core') return false;
      return (CORE_RANK[target.room.name] ?? Infinity) < rank;
    },
  };
}

const adapterRow = (name: string): Row => ({
  says: `adapters/${name} imports core, ports, events, zod, Node and its own kit (${(ADAPTER_KITS[name] ?? ['none']).join(', ')}), and no other adapter`,
  allows: ({ target }) =>
    roomIs(target, 'core', 'ports', 'events') || packageIs(target, 'zod', isNode, ...(ADAPTER_KITS[name] ?? [])),
});

const functionRow = (name: string): Row => ({
  says: `functions/${name} imports core, ports, events, runtime and zod; only its wiring.ts sees adapters and shared/wiring; no other function`,
  allows: ({ from, target, edge }) =>
    roomIs(target, 'core', 'ports', 'events', 'runtime') ||
    packageIs(target, 'zod') ||
    (packageIs(target, 'aws-lambda') && edge.typeOnly) ||
    (roomIs(target, 'adapters', 'wiring') && from === `functions/${name}/wiring.ts`),
});

const ANYTHING: Row = { says: 'anything', allows: () => true };

const ROWS: Readonly<Record<Exclude<Room['kind'], 'core' | 'adapters' | 'functions'>, Row>> = {
  ports: {
    says: 'ports import core and events, and types only (import type)',
    allows: ({ target, edge }) => roomIs(target, 'core', 'events') && edge.typeOnly,
  },
  events: {
    says: 'events import zod, core/kernel and types of core/order',
    allows: ({ target, edge }) =>
      isKernel(target) ||
      packageIs(target, 'zod') ||
      (target.kind === 'file' && target.room !== null && labelOf(target.room) === 'core/order' && edge.typeOnly),
  },
  runtime: {
    says: 'runtime imports core/kernel, ports, events, middy, zod, telemetry and Node',
    allows: ({ target, edge }) =>
      isKernel(target) ||
      roomIs(target, 'ports', 'events') ||
      packageIs(target, 'zod', isMiddy, isTelemetry, isNode) ||
      (packageIs(target, 'aws-lambda') && edge.typeOnly),
  },
  wiring: {
    says: 'shared/wiring imports core, ports, runtime and adapters',
    allows: ({ target }) => roomIs(target, 'core', 'ports', 'runtime', 'adapters'),
  },
  cloud: {
    says: 'infra/cloud imports the CDK, events/catalogue.ts, types of events, Node, and descriptions that import nothing but types',
    allows: ({ target, edge, targetFile }) =>
      packageIs(target, isCdk, isNode) ||
      fileIs(target, /^events\/catalogue\.ts$/) ||
      (roomIs(target, 'events') && edge.typeOnly) ||
      (roomIs(target, 'ports', 'runtime', 'functions', 'events') && isDataOnly(targetFile)),
  },
  console: {
    says: "console imports types of events, the API's schemas (functions/control/*schema*.ts) and page libraries",
    allows: ({ target, edge }) =>
      (roomIs(target, 'events') && edge.typeOnly) ||
      fileIs(target, /^functions\/control\/[a-z-]*schemas?\.ts$/) ||
      packageIs(target, (name) => !isNode(name) && !name.startsWith('@aws-sdk/') && !isCdk(name)),
  },
  local: ANYTHING,
  cli: ANYTHING,
  tests: ANYTHING,
  ground: ANYTHING,
};

function rowOf(room: Room): Row {
  if (room.kind === 'core') return coreRow(room.name);
  if (room.kind === 'adapters') return adapterRow(room.name);
  if (room.kind === 'functions') return functionRow(room.name);
  return ROWS[room.kind];
}

function judge(crossing: Crossing, room: Room, exists: (path: string) => boolean): string | null {
  const { edge, target } = crossing;
  const row = rowOf(room);
  if (edge.specifier === null) return row === ANYTHING ? null : 'an import must name its module literally';
  if (target.kind === 'file') {
    if (!exists(target.path)) return `${edge.specifier} leads to no file; write the path with its .ts extension`;
    if (target.room !== null && sameRoom(target.room, room)) return null;
  }
  if (row.allows(crossing)) return null;
  return `may not import ${edge.specifier}${edge.typeOnly ? ' (type)' : ''}: ${row.says}`;
}

/**
 * Holds one file to the law. Unit tests may import anything, but what they name must exist.
 * @param files every file of the project by its path; a file that is imported and not among them "leads to no file".
 */
export function checkImports(file: SourceFile, files: ReadonlyMap<string, SourceFile>): readonly Violation[] {
  const room = roomOf(file.path);
  if (room === null) {
    const message = 'lies in no room: see the table of rooms in tests/tidy/rooms.ts';
    return [{ path: file.path, line: 1, rule: 'room', message }];
  }
  const effective: Room = isTest(file.path) ? { kind: 'tests' } : room;
  return file.imports.flatMap((edge): readonly Violation[] => {
    const target = targetOf(file.path, edge.specifier ?? '');
    const targetFile = target.kind === 'file' ? files.get(target.path) : undefined;
    const exists = (path: string): boolean => files.has(path) || /\.(?:json|svg|css)$/.test(path);
    const message = judge({ from: file.path, edge, target, targetFile }, effective, exists);
    return message === null ? [] : [{ path: file.path, line: edge.line, rule: 'imports', message }];
  });
}
