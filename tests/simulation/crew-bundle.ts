/**
 * The code of a member as one file of plain JavaScript, made once: through tsx each member translates some hundred files
 * by itself before its first world. Once it is warm, a world takes as long either way.
 */
import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface MemberBundle {
  readonly path: string;
  remove(): void;
}

/** @throws BuildFailure when the code does not bundle */
export async function bundleMember(): Promise<MemberBundle> {
  const directory = mkdtempSync(join(tmpdir(), 'belay-crew-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const path = join(directory, 'member.mjs');
  try {
    await build({
      entryPoints: [fileURLToPath(new URL('./crew-member.ts', import.meta.url))],
      outfile: path,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      logLevel: 'silent',
      // Modules in the older form still ask for Node's own by `require`.
      banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    });
  } catch (cause) {
    remove();
    throw cause;
  }
  return { path, remove };
}
