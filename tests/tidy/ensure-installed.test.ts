/** The script before every script, run for real against small projects whose only dependency is a folder beside it. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from './house-files.ts';

const SCRIPT = 'infra/local/ensure-installed.mjs';
const MARK = 'npm ci';

let project = '';

const write = (path: string, value: unknown): void => {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), JSON.stringify(value));
};

/** A project that wants version `version` of the package in its folder "dependency". */
function layOut(version: string, optional: Readonly<Record<string, object>> = {}): void {
  write('dependency/package.json', { name: 'dependency', version });
  const manifest = { name: 'small', version: '1.0.0', dependencies: { dependency: 'file:dependency' } };
  write('package.json', manifest);
  const packages = {
    '': manifest,
    dependency: { version },
    'node_modules/dependency': { resolved: 'dependency', link: true },
    ...optional,
  };
  write('package-lock.json', { name: 'small', version: '1.0.0', lockfileVersion: 3, requires: true, packages });
}

function run(...options: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...options, SCRIPT], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, npm_config_offline: 'true' },
  });
  return { status, stdout, stderr };
}

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'belay-installed-'));
  mkdirSync(join(project, dirname(SCRIPT)), { recursive: true });
  copyFileSync(join(ROOT, SCRIPT), join(project, SCRIPT));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

describe('before a script', () => {
  it('installs when node_modules is missing, once, and keeps standard output clean', () => {
    layOut('1.0.0');
    const first = run();
    expect(first).toMatchObject({ status: 0, stdout: '' });
    expect(first.stderr).toContain(MARK);
    expect(existsSync(join(project, 'node_modules/dependency/package.json'))).toBe(true);
    expect(run()).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('installs again when the lock asks for another version', () => {
    layOut('1.0.0');
    run();
    layOut('1.0.1');
    expect(run().stderr).toContain(MARK);
    expect(run().stderr).toBe('');
  });

  it('installs again when npm was stopped while it wrote down what it had installed', () => {
    layOut('1.0.0');
    run();
    writeFileSync(join(project, 'node_modules/.package-lock.json'), '{"packages":');
    expect(run()).toMatchObject({ status: 0, stderr: expect.stringContaining(MARK) });
  });

  it('takes a tree that npm itself has installed, by its contents', () => {
    layOut('1.0.0');
    run();
    rmSync(join(project, 'node_modules/.belay-installed'));
    expect(run().stderr).toBe('');
  });

  it('lets an optional package for another platform be absent, and installs one for this', () => {
    const absent = (os: string) => ({ 'node_modules/native': { version: '1.0.0', optional: true, os: [os] } });
    layOut('1.0.0');
    run();
    layOut('1.0.0', absent(process.platform === 'win32' ? 'linux' : 'win32'));
    expect(run().stderr).toBe('');
    layOut('1.0.0', absent(process.platform));
    expect(run().stderr).toContain(MARK);
  });

  it('ends with one line of its own when npm cannot install', () => {
    layOut('1.0.0');
    writeFileSync(join(project, 'package-lock.json'), readFileSync(join(project, 'package.json')));
    const { status, stderr } = run();
    expect(status).toBe(1);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^belay: npm ci failed/);
  });

  it.each(['18.20.8', '20.18.3', '21.7.3', '22.11.0'])('says in one line that Node %s is too old', (version) => {
    layOut('1.0.0');
    const preload = `data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'${version}'}})`;
    expect(run('--import', preload)).toEqual({
      status: 1,
      stdout: '',
      stderr: `belay needs Node 20 from 20.19, 22 from 22.12, or later; this is Node ${version}\n`,
    });
  });
});
