import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { synthesise } from '#infra/synthesise.ts';

const outdir = mkdtempSync(join(tmpdir(), 'belay-synth-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

describe('synthesise', () => {
  it('writes the templates of one environment, in the order of a deploy, without any code', async () => {
    const stacks = await synthesise('dev', { bundle: false, outdir });
    expect(stacks.map(({ name }) => name)).toEqual([
      'belay-dev-state',
      'belay-dev-flow',
      'belay-dev-edge',
      'belay-dev-watch',
    ]);
    const templates = stacks.map(({ templatePath }) => readFileSync(templatePath, 'utf8'));
    expect(templates.filter((template) => !template.includes('"Resources"'))).toEqual([]);
    expect(templates[1]).toMatch(/"BUILD_ID": "[0-9a-f]{16}"/);
    expect(templates[1]).toContain('synthesised without its code');
  });
});
