/** Holds the OpenAPI document to the rules of an outside linter, which knows nothing of how it was made. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = join(ROOT, 'node_modules', '@redocly', 'cli', 'bin', 'cli.js');

const told = z.object({
  totals: z.object({ errors: z.int(), warnings: z.int() }),
  problems: z.array(
    z.object({
      ruleId: z.string(),
      message: z.string(),
      location: z.array(z.object({ pointer: z.string().optional() })),
    }),
  ),
});

export interface LintReport {
  readonly errors: number;
  readonly warnings: number;
  /** One line each: rule, what is wrong, where. */
  readonly problems: readonly string[];
}

/** @throws Error when the linter itself fails */
export function lintDocument(document: Readonly<Record<string, unknown>>): LintReport {
  const directory = mkdtempSync(join(tmpdir(), 'belay-openapi-'));
  try {
    const file = join(directory, 'openapi.json');
    writeFileSync(file, JSON.stringify(document));
    const args = [CLI, 'lint', file, '--config', join(ROOT, 'redocly.yaml'), '--format', 'json'];
    // It stays on this machine: no look for newer versions, no word to its makers.
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
    const { stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
    const from = stdout.indexOf('{');
    if (from < 0) throw new Error(`the linter said nothing that can be read: ${stderr.slice(0, 2000)}`);
    const { totals, problems } = told.parse(JSON.parse(stdout.slice(from)));
    return {
      ...totals,
      problems: problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer ?? ''}`),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
