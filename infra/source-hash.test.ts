import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { buildId } from '#shared/core/kernel/identity.ts';
import { buildIdOf, templateIdOf } from '#infra/source-hash.ts';

const roots: string[] = [];

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

function project(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'belay-sources-'));
  roots.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

const SOURCES = { 'functions/a/handler.ts': 'one', 'shared/b.ts': 'two', 'events/c.v1.ts': 'three' };

describe('buildIdOf', () => {
  it('gives the same name to the same sources wherever they lie, in the form of a build id', () => {
    const name = buildIdOf(project(SOURCES));
    expect(buildIdOf(project(SOURCES))).toBe(name);
    expect(buildId(name)).toBe(name);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['a byte changes', { ...SOURCES, 'shared/b.ts': 'twO' }],
    ['a file is added', { ...SOURCES, 'shared/d.ts': '' }],
    ['a dependency changes', { ...SOURCES, 'package-lock.json': '{}' }],
    [
      'a byte moves from one file to the next',
      { ...SOURCES, 'events/c.v1.ts': 'thre', 'functions/a/handler.ts': 'eone' },
    ],
  ])('gives another name when %s', (_, files) => {
    expect(buildIdOf(project(files))).not.toBe(buildIdOf(project(SOURCES)));
  });

  it('does not mind tests and what runs in no function', () => {
    const files = { ...SOURCES, 'shared/b.test.ts': 'test', 'infra/cloud/x.ts': 'x', 'docs/y.md': 'y' };
    expect(buildIdOf(project(files))).toBe(buildIdOf(project(SOURCES)));
  });
});

describe('templateIdOf', () => {
  it('changes with the descriptions and not with the workflows', () => {
    const before = templateIdOf(project(SOURCES));
    expect(templateIdOf(project({ ...SOURCES, 'functions/a/handler.ts': 'changed' }))).toBe(before);
    expect(templateIdOf(project({ ...SOURCES, 'infra/cloud/x.ts': 'x' }))).not.toBe(before);
    expect(templateIdOf(project({ ...SOURCES, 'events/c.v1.ts': 'four' }))).not.toBe(before);
  });
});
