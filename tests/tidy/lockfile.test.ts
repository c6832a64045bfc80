import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readText } from './house-files.ts';
import { fillLockfileGaps, findLockfileGaps, type Lockfile, parseLockfile } from './lockfile.ts';

const TOOL = 'node_modules/tool';
const lockOf = (optionalDependencies: Record<string, string>, packages: Lockfile['packages'] = {}): Lockfile => ({
  packages: { '': {}, [TOOL]: { version: '1.0.0', dev: true, optionalDependencies }, ...packages },
});

describe('package-lock.json', () => {
  it('names the builds of every platform, without which npm ci refuses it', () => {
    const gaps = findLockfileGaps(parseLockfile(readText('package-lock.json')));
    expect(gaps, 'run `npm run lock` after every change of dependencies').toEqual([]);
  });

  it('is read in the order of its keys, and refused when it is no lock', () => {
    const text = '{"lockfileVersion":3,"packages":{"":{"name":"belay","version":"0.1.0"}}}';
    expect(JSON.stringify(parseLockfile(text))).toBe(text);
    expect(() => parseLockfile('{"dependencies":{}}')).toThrow(/packages/);
  });
});

describe('a gap in the lock', () => {
  it('is an optional package that is locked neither beside its parent nor above it', () => {
    const wanted = { 'tool-linux-x64': '1.0.0' };
    expect(findLockfileGaps(lockOf(wanted))).toEqual([{ parent: TOOL, name: 'tool-linux-x64', version: '1.0.0' }]);
    expect(findLockfileGaps(lockOf(wanted, { 'node_modules/tool-linux-x64': {} }))).toEqual([]);
    expect(findLockfileGaps(lockOf(wanted, { [`${TOOL}/node_modules/tool-linux-x64`]: {} }))).toEqual([]);
  });

  it('is filled beside its parent, for its platform, as the parent is', () => {
    const filled = fillLockfileGaps(
      lockOf({
        '@tool/linux-arm64-musl': '1.0.0',
        'tool-win32-ia32-msvc': '1.0.1',
        'tool-linux-arm-gnueabihf': '1.0.2',
      }),
    );
    const common = { dev: true, optional: true };
    expect(filled.packages['node_modules/@tool/linux-arm64-musl']).toEqual({
      ...common,
      version: '1.0.0',
      os: ['linux'],
      cpu: ['arm64'],
      libc: ['musl'],
    });
    expect(filled.packages['node_modules/tool-win32-ia32-msvc']).toEqual({
      ...common,
      version: '1.0.1',
      os: ['win32'],
      cpu: ['ia32'],
    });
    expect(filled.packages['node_modules/tool-linux-arm-gnueabihf']).toMatchObject({ cpu: ['arm'], libc: ['glibc'] });
    expect(findLockfileGaps(filled)).toEqual([]);
  });

  it('is left to a person when its version is a range or its name tells no platform', () => {
    expect(() => fillLockfileGaps(lockOf({ 'tool-linux-x64': '^1.0.0' }))).toThrow(/tool-linux-x64@\^1\.0\.0/);
    expect(() => fillLockfileGaps(lockOf({ 'tool-extras': '1.0.0' }))).toThrow(/tool-extras/);
  });
});

describe('package.json', () => {
  const versions = z.record(z.string(), z.string());
  const Manifest = z.object({ dependencies: versions, devDependencies: versions, optionalDependencies: versions });

  it('pins every direct dependency exactly', () => {
    const manifest = Manifest.parse(JSON.parse(readText('package.json')));
    const direct = Object.entries({
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    });
    expect(direct.length).toBeGreaterThan(30);
    expect(direct.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});
