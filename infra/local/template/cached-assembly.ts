/** The synthesised templates of the environment that runs at home, made once for each state of what they are made of. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { templateIdOf } from '#infra/source-hash.ts';
import { TemplateError } from './template-files.ts';

/** @returns the directory of the assembly, and whether it had to be made. @throws TemplateError in the synthesis' own words. */
export async function cachedAssembly(root: string): Promise<{ readonly directory: string; readonly made: boolean }> {
  const cache = join(root, 'node_modules', '.cache', 'belay');
  const directory = join(cache, templateIdOf(root));
  if (existsSync(directory)) return { directory, made: false };
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'new-'));
  try {
    await synthesise(root, fresh);
    // Another house may have been quicker; the same sources make the same templates.
    if (!existsSync(directory)) renameSync(fresh, directory);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return { directory, made: true };
}

/** In a process of its own: CDK is large, and the house needs none of it afterwards. */
function synthesise(root: string, outdir: string): Promise<void> {
  const script = join(root, 'infra', 'local', 'template', 'synthesise-dev.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, outdir], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  const hear = (chunk: Buffer): void => {
    words += chunk.toString('utf8');
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new TemplateError(`the templates could not be synthesised: ${words.trim()}`));
    });
  });
}
