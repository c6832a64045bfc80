/** The synthesised templates of the environment that runs at home, made once for each state of what they are made of. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { templateIdOf } from '#infra/source-hash.ts';

/** @returns the directory of the assembly of dev, without code. @throws what the synthesis throws. */
export async function cachedAssembly(root: string): Promise<string> {
  const cache = join(root, 'node_modules', '.cache', 'belay');
  const directory = join(cache, templateIdOf(root));
  if (existsSync(directory)) return directory;
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, 'new-'));
  try {
    // CDK takes a second to load, and a house whose templates are there needs none of it.
    const { synthesise } = await import('#infra/synthesise.ts');
    await synthesise('dev', { bundle: false, outdir: fresh });
    // Another house may have been quicker; the same sources make the same templates.
    if (!existsSync(directory)) renameSync(fresh, directory);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return directory;
}
