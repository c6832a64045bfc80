import { AssetCode } from 'aws-cdk-lib/aws-lambda';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bundle, bundleRooms, BundleError } from '#infra/bundle.ts';
import { houseApp } from '#infra/cloud/house-app.ts';
import { ROOMS, type RoomRow } from '#infra/cloud/rooms.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'belay-rooms-'));
  writeFileSync(join(root, 'legacy.cjs'), "exports.separator = require('node:path').posix.sep;");
  for (const { room } of ROOMS)
    write(
      room,
      `import legacy from '../../legacy.cjs'; export const handler = () => '${room}' + legacy.separator; export const deadLetterHandler = handler;`,
    );
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(room: string, source: string): void {
  mkdirSync(join(root, 'functions', room), { recursive: true });
  writeFileSync(join(root, 'functions', room, 'handler.ts'), source);
}

function folderOf(bundle: Bundle, row: RoomRow): string {
  const code = bundle.codeOf(row);
  if (!(code instanceof AssetCode)) throw new TypeError('the code is no asset');
  return code.path;
}

async function answerOf(folder: string): Promise<unknown> {
  const loaded: unknown = await import(pathToFileURL(join(folder, 'handler.mjs')).href);
  const handler: unknown = Reflect.get(Object(loaded), 'handler');
  return typeof handler === 'function' ? Reflect.apply(handler, undefined, []) : null;
}

describe('bundleRooms', () => {
  it('makes one module a room that runs as it is, older modules included', async () => {
    const bundle = await bundleRooms(root);
    for (const row of ROOMS) {
      const folder = folderOf(bundle, row);
      expect(readdirSync(folder).sort()).toEqual(['handler.mjs', 'handler.mjs.map']);
      const loaded: unknown = await import(pathToFileURL(join(folder, 'handler.mjs')).href);
      expect(loaded).toHaveProperty(row.entry);
    }
    const folders = ROOMS.map((row) => folderOf(bundle, row));
    expect(await Promise.all(folders.map(answerOf))).toEqual(ROOMS.map(({ room }) => `${room}/`));
    bundle.remove();
    expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
  });

  it('goes into the stacks of several environments, once for each room', async () => {
    const bundle = await bundleRooms(root);
    const outdir = join(root, 'assembly');
    const options = { buildId: 'build-under-test', codeOf: bundle.codeOf, validate: false, outdir };
    houseApp(['dev', 'paper'], options).synth();
    bundle.remove();
    const assets = readdirSync(outdir).filter((name) => name.startsWith('asset.'));
    expect(assets).toHaveLength(new Set(ROOMS.map(({ room }) => room)).size);
    const keys = ['dev', 'paper'].map((environment) => {
      const template = readFileSync(join(outdir, `belay-${environment}-flow.template.json`), 'utf8');
      return [...template.matchAll(/"S3Key": "([0-9a-f]+)\.zip"/g)].map((match) => match[1]);
    });
    expect(keys[0]).toEqual(keys[1]);
    expect(new Set(keys[0]).size).toBe(
      new Set(ROOMS.filter(({ stack }) => stack === 'flow').map(({ room }) => room)).size,
    );
  });

  it('refuses rooms without a handler, all of them by name', async () => {
    rmSync(join(root, 'functions', 'protect'), { recursive: true });
    rmSync(join(root, 'functions', 'execute'), { recursive: true });
    await expect(bundleRooms(root)).rejects.toThrow(
      new BundleError('rooms without a handler: functions/execute/handler.ts, functions/protect/handler.ts'),
    );
  });

  it('refuses code that does not bundle, and says where', async () => {
    write('signal', "import { missing } from './nowhere.ts'; export const handler = missing;");
    const refused = await bundleRooms(root).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(BundleError);
    expect(String(refused instanceof Error ? refused.cause : refused)).toMatch(
      /functions\/signal\/handler\.ts.*nowhere/s,
    );
  });
});
