/** Reads the house as it stands: tracked files and new ones alike. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSource, type SourceFile } from './source-file.ts';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

const SOURCE = /\.(?:ts|tsx|mts|cts|js|jsx|mjs|cjs)$/;
/** What tools make, as .gitignore lists it. */
const MADE: ReadonlySet<string> = new Set([
  'node_modules',
  'cdk.out',
  'coverage',
  'reports',
  '.cache',
  '.belay',
  '.stryker-tmp',
  '.git',
]);

function walk(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (MADE.has(entry.name)) return [];
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return walk(path);
    return SOURCE.test(entry.name) ? [path] : [];
  });
}

/** Every source file of the project, parsed, by its path. */
export function readHouse(): ReadonlyMap<string, SourceFile> {
  return new Map(walk('').map((path) => [path, parseSource(path, readFileSync(join(ROOT, path), 'utf8'))]));
}

export const readText = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/**
 * The same files by another way: git's listing of tracked and of new, not ignored files; null outside a checkout or
 * without git.
 */
export function listByGit(): readonly string[] | null {
  if (!existsSync(join(ROOT, '.git'))) return null;
  const { status, stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) return null;
  return stdout.split('\0').filter((path) => SOURCE.test(path) && existsSync(join(ROOT, path)));
}

/** The same files by a third way, without git: Node's own recursive listing. */
export const listByNode = (): readonly string[] =>
  readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => SOURCE.test(path) && !path.split('/').some((segment) => MADE.has(segment)))
    .filter((path) => existsSync(join(ROOT, path)));
