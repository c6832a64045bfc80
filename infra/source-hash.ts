/** Names for what the house is made of: the same sources, the same name, on every machine. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What runs in a function. */
const FUNCTION_SOURCES = ['functions', 'shared', 'events', 'package-lock.json'];
/** What a template is made from, its code left out. */
const TEMPLATE_SOURCES = [
  'infra/cloud',
  'infra/environments.ts',
  'infra/synthesise.ts',
  'events',
  'shared/ports',
  'shared/runtime/metric-names.ts',
  'package-lock.json',
];

/** @returns 16 hex digits over what the functions run, tests left out. */
export const buildIdOf = (root: string): string => hashOf(root, FUNCTION_SOURCES);

/** @returns 16 hex digits over all that decides an unbundled template but the build id itself. */
export const templateIdOf = (root: string): string => hashOf(root, TEMPLATE_SOURCES);

function hashOf(root: string, sources: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of sources.flatMap((source) => filesOf(root, source))) {
    const content = readFileSync(join(root, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

/** Files below a path, sorted, with `/` between their parts; a path that is not there has none. */
function filesOf(root: string, path: string): readonly string[] {
  const found = statSync(join(root, path), { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory()) return path.endsWith('.test.ts') ? [] : [path];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => filesOf(root, `${path}/${name}`));
}
