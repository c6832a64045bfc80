/** The functions' code, bundled for a deploy. */
import { build } from 'esbuild';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { type RoomRow, ROOMS } from '#infra/cloud/rooms.ts';

export class BundleError extends Error {
  override readonly name = 'BundleError';
}

export interface Bundle {
  readonly codeOf: (row: RoomRow) => Code;
  /** Takes the files away; CDK has copied them by the end of its synthesis. */
  remove(): void;
}

/**
 * Bundles the handler of every room in one pass of esbuild. Everything goes in, the AWS SDK too: what was tested is
 * what runs, whatever version the runtime brings.
 * @param root the project's folder
 * @throws BundleError when a room has no handler, or its code does not bundle.
 */
export async function bundleRooms(root: string): Promise<Bundle> {
  const rooms = [...new Set(ROOMS.map((row) => row.room))];
  const missing = rooms.map(handlerOf).filter((path) => !existsSync(join(root, path)));
  if (missing.length > 0) throw new BundleError(`rooms without a handler: ${missing.join(', ')}`);
  const directory = mkdtempSync(join(tmpdir(), 'belay-bundle-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    await build({
      absWorkingDir: root,
      entryPoints: rooms.map((room) => ({ in: handlerOf(room), out: join(room, 'handler') })),
      outdir: directory,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      minify: true,
      sourcemap: true,
      sourcesContent: false,
      legalComments: 'none',
      logLevel: 'silent',
      // Modules in the older form still ask for Node's own by `require`.
      banner: {
        js: "import{createRequire as belayRequire}from'node:module';const require=belayRequire(import.meta.url);",
      },
    });
  } catch (cause) {
    remove();
    throw new BundleError('the rooms do not bundle', { cause });
  }
  // Each stack wants code of its own; CDK stages one folder once.
  return { codeOf: ({ room }) => Code.fromAsset(join(directory, room)), remove };
}

const handlerOf = (room: string): string => join('functions', room, 'handler.ts');
