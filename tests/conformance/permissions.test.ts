import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { calendarDate } from '#shared/core/kernel/instant.ts';
import { sessionsBetween } from '#shared/core/market/session-calendar.ts';
import { houseUnderTest, permissionsByRoom } from '#infra/cloud/templates-under-test.ts';
import { type AwsCall, CALLS_FILE_VARIABLE } from './record-aws-calls.ts';

const DAYS = 4;
const SESSIONS = 330;
const [FAST, SLOW] = [20, 100];

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Falls, then rises for so many sessions. */
const valley = (rising: number): readonly number[] =>
  Array.from({ length: SESSIONS }, (_, at) => {
    const turn = SESSIONS - rising;
    return at < turn ? 100 * 0.998 ** at : 100 * 0.998 ** turn * 1.01 ** (at - turn);
  });

const fastIsAbove = (closes: readonly number[], at: number): boolean =>
  mean(closes.slice(at - FAST + 1, at + 1)) > mean(closes.slice(at - SLOW + 1, at + 1));

/** The valley whose fast average crosses the slow one upwards on one session, so that a day decides to buy. */
function crossingAt(at: number): readonly number[] {
  for (let rising = 1; rising < 200; rising += 1) {
    const closes = valley(rising);
    if (fastIsAbove(closes, at) && !fastIsAbove(closes, at - 1)) return closes;
  }
  throw new RangeError(`no valley crosses at ${at}`);
}

function marketCsv(): string {
  const dates = sessionsBetween(calendarDate('2014-01-02'), calendarDate('2016-12-30')).slice(0, SESSIONS);
  const rows = ['AAA', 'BBB'].flatMap((symbol, shift) => {
    const closes = crossingAt(SESSIONS - DAYS + shift);
    return dates.map(({ date }, at) => {
      const close = closes[at] ?? 0;
      return [date, symbol, close * 0.999, close * 1.004, close * 0.996, close].map(String).concat('1000000').join(',');
    });
  });
  return ['date,symbol,open,high,low,close,volume', ...rows].join('\n');
}

const summary = z.object({ orders: z.object({ filled: z.number() }), functionErrors: z.number() });
const callLine = z.strictObject({ functionName: z.string(), action: z.string(), resource: z.string() });

const directory = mkdtempSync(join(tmpdir(), 'belay-permissions-'));
let ended: z.infer<typeof summary> = { orders: { filled: 0 }, functionErrors: Number.NaN };
let calls: readonly AwsCall[] = [];

async function runDays(): Promise<string> {
  const data = join(directory, 'market.csv');
  writeFileSync(data, marketCsv());
  const recorder = './tests/conformance/record-aws-calls.ts';
  const args = ['--import', 'tsx', '--import', recorder, 'infra/local/main.ts'];
  const flags = ['--data', data, '--days', String(DAYS), '--port', '0', '--exit', '--json'];
  const env = { ...process.env, [CALLS_FILE_VARIABLE]: join(directory, 'calls.jsonl') };
  const child = spawn(process.execPath, [...args, ...flags], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
  const [code]: readonly unknown[] = await once(child, 'close');
  if (code !== 0) throw new Error(`the house ended with ${String(code)}: ${errors.slice(-2000)}`);
  return output;
}

beforeAll(async () => {
  const output = await runDays();
  ended = summary.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''));
  calls = readFileSync(join(directory, 'calls.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => callLine.parse(JSON.parse(line)));
}, 60_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const house = houseUnderTest('dev');
const permissions = permissionsByRoom(house);

/** The logical id that a physical name was made of. */
const logical = (name: string): string => /[A-Za-z]+(?=[0-9A-F]{8}(?:\.fifo)?$)/.exec(name)?.[0] ?? name;

const roomIdOf = ({ functionName }: AwsCall): string => logical(functionName).replace(/Function$/, '');

function isAllowed(call: AwsCall): boolean {
  const [physical = '', index] = call.resource.split('/index/');
  const resource = call.action.startsWith('events:') ? 'Bus' : logical(physical);
  return (permissions.get(roomIdOf(call)) ?? []).some(
    (permission) =>
      permission.action === call.action &&
      permission.resource.includes(resource) &&
      permission.resource.includes('/index/') === (index !== undefined) &&
      (index === undefined || permission.resource.includes(`/index/${index}"`)),
  );
}

describe('days in the local house', () => {
  it('bought something, so that the whole flow was seen', () => {
    expect(ended.orders.filled).toBeGreaterThan(0);
    expect(ended.functionErrors).toBe(0);
    const seen = new Set(calls.map(roomIdOf));
    for (const id of [
      'Ingest',
      'Signal',
      'Orchestrate',
      'Execute',
      'Listen',
      'Publish',
      'Reconcile',
      'Protect',
      'Report',
    ]) {
      expect(seen).toContain(id);
    }
    expect(calls.length).toBeGreaterThan(40);
  });

  it('asked for nothing that the roles in the cloud would refuse', () => {
    expect(calls.filter((call) => !isAllowed(call))).toEqual([]);
  });

  it('would be caught asking for more', () => {
    const [call] = calls.filter(({ action }) => action === 'dynamodb:PutItem');
    const more = { functionName: call?.functionName ?? '', action: 'dynamodb:Scan', resource: call?.resource ?? '' };
    expect(isAllowed(more)).toBe(false);
    expect(isAllowed({ ...more, action: 'dynamodb:PutItem' })).toBe(true);
    expect(isAllowed({ ...more, action: 'dynamodb:PutItem', resource: 'belay-dev-state-TableNowhere01234567' })).toBe(
      false,
    );
  });
});
