/**
 * Runs before every npm script, with nothing installed: plain Node and no dependency. Says in one line when Node is
 * too old, and runs `npm ci` when node_modules is missing or is not what package-lock.json asks for.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const LOCKFILE = join(ROOT, 'package-lock.json');
/** What npm itself wrote down about the tree that it installed last. */
const INSTALLED = join(ROOT, 'node_modules', '.package-lock.json');
/** Hash of both at the end of the last `npm ci`, which may rightly have left optional packages out. */
const STAMP = join(ROOT, 'node_modules', '.belay-installed');

/** Odd lines end early and Node 22 began to load modules by require() with 22.12. */
function isNodeSupported(version) {
  const [major, minor] = version.split('.').map(Number);
  return (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
}

function stampOf() {
  const hash = createHash('sha256');
  for (const path of [LOCKFILE, INSTALLED]) hash.update(readFileSync(path)).update('\n');
  return hash.digest('hex');
}

/** Which C library Linux runs on is not asked: a package that depends on it may be absent until `npm ci` has run. */
const isForThisPlatform = ({ os, cpu, libc }) =>
  libc === undefined && os?.includes(process.platform) === true && (cpu ?? [process.arch]).includes(process.arch);

/** Undefined for a file that was cut off while it was written: then npm has to say what is wrong, or to write it anew. */
function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Every package that is locked is installed in its version; an optional one for another platform may be absent. */
function isTreeCurrent() {
  const wanted = packagesOf(LOCKFILE);
  const installed = packagesOf(INSTALLED);
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const have = installed[path];
    if (have === undefined) return entry.optional === true && !isForThisPlatform(entry);
    return have.version === entry.version && have.integrity === entry.integrity;
  });
}

function isInstalled() {
  if (!existsSync(LOCKFILE) || !existsSync(INSTALLED)) return false;
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stampOf()) return true;
  return isTreeCurrent();
}

/** The npm that runs this script where there is one, else the one on the path. Standard output is left to the script. */
function runNpmCi() {
  const options = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env['npm_execpath'] ?? '';
  const stdio = ['ignore', process.stderr.fd, process.stderr.fd];
  return basename(npm) === 'npm-cli.js'
    ? spawnSync(process.execPath, [npm, ...options], { cwd: ROOT, stdio })
    : spawnSync('npm', options, { cwd: ROOT, stdio, shell: process.platform === 'win32' });
}

function main() {
  if (!isNodeSupported(process.versions.node)) {
    console.error(`belay needs Node 20 from 20.19, 22 from 22.12, or later; this is Node ${process.versions.node}`);
    return 1;
  }
  if (isInstalled()) return 0;
  console.error('belay: installing dependencies with npm ci ...');
  const { status, error } = runNpmCi();
  if (status !== 0) {
    console.error(`belay: npm ci failed${error === undefined ? '' : ` (${error.message})`}; its own words stand above`);
    return 1;
  }
  writeFileSync(STAMP, stampOf());
  return 0;
}

process.exitCode = main();
