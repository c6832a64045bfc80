import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProgressKeeper, readProgress } from './progress.ts';

const START = { fingerprint: 'seed 1', nowMs: 100, fired: {}, open: [], streams: {}, days: 0 };
let file: string;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'belay-progress-'));
  file = join(directory, 'progress.json');
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('the progress of a run', () => {
  it('is there again after a kill: the instant, the slots, and which are not worked off', () => {
    const keeper = new ProgressKeeper(file, START);
    keeper.opened('decide', 200);
    keeper.workedOff();
    keeper.handedOn('journal', '17');
    keeper.moved(300);
    keeper.opened('decide', 300);
    keeper.opened('decide', 300);
    keeper.dayOver(1);
    expect(readProgress(file, 'seed 1')).toEqual({
      fingerprint: 'seed 1',
      nowMs: 300,
      fired: { decide: 300 },
      open: [{ row: 'decide', slotMs: 300 }],
      streams: { journal: '17' },
      days: 1,
    });
  });

  it('begins anew without a file, and keeps nothing where it is told to', () => {
    expect(readProgress(file, 'seed 1')).toBe(null);
    new ProgressKeeper(null, START).moved(200);
    expect(readProgress(file, 'seed 1')).toBe(null);
  });

  it('refuses the state of another run, and one that is not readable', () => {
    new ProgressKeeper(file, START).moved(200);
    expect(() => readProgress(file, 'seed 2')).toThrow('belongs to a run with other flags or data');
    writeFileSync(file, '{}');
    expect(() => readProgress(file, 'seed 1')).toThrow('progress.json is not readable');
  });
});
