import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { closeServer, listenOnLoopback } from './http/loopback-server.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Days on which the synthetic market gives several signals. */
const BUSY_DAYS = ['--seed', '68', '--days', '5', '--port', '0', '--json', '--exit'];
const RUN_MS_MAX = 300_000;

interface Run {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exit: Promise<number | null>;
}

let directory: string;
const runs: Run[] = [];
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'belay-main-'));
});
afterEach(async () => {
  for (const { child, exit } of runs.splice(0)) {
    child.kill('SIGKILL');
    await exit;
  }
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', join('infra', 'local', 'main.ts'), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.stdout += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString('utf8');
  });
  const exit = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  const run: Run = { child, pid: child.pid ?? 0, stdout: () => said.stdout, stderr: () => said.stderr, exit };
  runs.push(run);
  return run;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + RUN_MS_MAX;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('waited too long');
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

const summaryLine = z.object({
  days: z.int(),
  signals: z.int(),
  orders: z.object({
    submitted: z.int(),
    filled: z.int(),
    canceled: z.int(),
    rejected: z.int(),
    refused: z.int(),
  }),
  stops: z.object({ placed: z.int(), refused: z.int(), triggered: z.int() }),
  brokerOrders: z.int(),
  duplicateBrokerOrders: z.literal(0),
  unresolvedOrders: z.literal(0),
  fillGaps: z.literal(0),
  positionMismatches: z.literal(0),
  facts: z.int().min(1),
  unpublishedFacts: z.literal(0),
  functionErrors: z.literal(0),
  deadLetters: z.literal(0),
  refusals: z.record(z.string(), z.int()),
  equity: z.string(),
  elapsedMs: z.int(),
  startMs: z.int(),
  submitToAckMs: z.object({ p50: z.number().nullable(), p99: z.number().nullable() }),
});
type Line = z.output<typeof summaryLine>;

const lastLine = (run: Run): Line => summaryLine.parse(JSON.parse(run.stdout().trim().split('\n').at(-1) ?? ''));

/** Every signal ends with an order or with a reason. On these days the last evening gives none that would wait, and no stop sells. */
const expectNoSignalLost = ({ signals, orders, stops, refusals }: Line): void => {
  expect(stops.triggered).toBe(0);
  const refused = Object.values(refusals).reduce((total, count) => total + count, 0);
  expect(orders.submitted + refused).toBe(signals);
};

/** Everything that a process has started, and what those have started. */
function descendants(pid: number): readonly number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  const children = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
  return children.flatMap((child) => [child, ...descendants(child)]);
}

const nameOf = (pid: number): string =>
  existsSync(`/proc/${pid}/comm`) ? readFileSync(`/proc/${pid}/comm`, 'utf8').trim() : '';

describe('npm start', () => {
  it('says in one line what a person can set right', { timeout: RUN_MS_MAX }, async () => {
    const taken = createServer();
    const port = await listenOnLoopback(taken, 0);
    const [help, badFlag, badFile, noEmulator, portTaken] = [
      start(['--help']),
      start(['--days', 'many']),
      start(['--data', '/nowhere/bars.csv', '--port', '0']),
      start(['--port', '0'], { BELAY_DYNAMODB_EMULATOR: '/nowhere/dynoxide' }),
      start(['--port', String(port)]),
    ];
    expect(await Promise.all([help, badFlag, badFile, noEmulator, portTaken].map(({ exit }) => exit))).toEqual([
      0, 2, 2, 2, 2,
    ]);
    await closeServer(taken);
    expect(help.stdout()).toContain('--every-minute');
    expect(badFlag.stderr()).toContain('--days is a whole number from 1 to 2000');
    expect(badFile.stderr()).toMatch(/^belay: .*\/nowhere\/bars\.csv.*\n$/);
    expect(noEmulator.stderr()).toMatch(/^belay: .*BELAY_DYNAMODB_EMULATOR.*\n$/);
    expect(portTaken.stderr()).toBe(`belay: port ${port} of 127.0.0.1 is in use\n`);
  });

  it('runs days whose books equal the broker, and ends with one JSON line', { timeout: RUN_MS_MAX }, async () => {
    const run = start(BUSY_DAYS);
    expect(await run.exit).toBe(0);
    expect(run.stdout().trim().split('\n')).toHaveLength(1);
    const line = lastLine(run);
    expect(line.orders.filled).toBeGreaterThan(0);
    expect(line.brokerOrders).toBe(line.orders.submitted + line.stops.placed);
    expectNoSignalLost(line);
  });

  it('comes to the same orders when the guards run every minute', { timeout: RUN_MS_MAX }, async () => {
    const day = ['--seed', '21', '--days', '1', '--symbols', '8', '--port', '0', '--json', '--exit'];
    const runsOfDay = [start(day), start([...day, '--every-minute'])];
    expect(await Promise.all(runsOfDay.map(({ exit }) => exit))).toEqual([0, 0]);
    const [kept, all] = runsOfDay.map(lastLine);
    expect(kept?.orders.filled).toBeGreaterThan(0);
    expect(all?.facts).toBeGreaterThan(400);
    const cameTo = (line: Line | undefined) => ({ orders: line?.orders, stops: line?.stops, equity: line?.equity });
    expect(cameTo(all)).toEqual(cameTo(kept));
  });

  it('goes on after kill -9 at a decision, with no order twice and none lost', { timeout: RUN_MS_MAX }, async () => {
    const state = join(directory, 'state');
    const args = [...BUSY_DAYS, '--state', state];
    const progress = join(state, 'progress.json');
    const isDeciding = (days: number): boolean =>
      existsSync(progress) &&
      new RegExp(`"open":\\[[^\\]]*Orchestrate.*"days":${days}`).test(readFileSync(progress, 'utf8'));
    for (const days of [0, 2, 3]) {
      const run = start(args);
      await until(() => isDeciding(days) || run.child.exitCode !== null);
      run.child.kill('SIGKILL');
      expect(await run.exit).toBe(null);
      await until(() => descendants(run.pid).length === 0);
    }
    const last = start(args);
    expect(await last.exit).toBe(0);
    const line = lastLine(last);
    expect(line.days).toBe(5);
    expect(line.orders.filled).toBeGreaterThan(0);
    expect(line.brokerOrders).toBe(line.orders.submitted + line.stops.placed);
    expectNoSignalLost(line);
    const other = start(['--seed', '69', ...args.slice(2)]);
    expect(await other.exit).toBe(2);
    expect(other.stderr()).toContain('belongs to a run with other flags or data');
  });

  it.each<readonly [string, readonly string[]]>([
    ['while it serves', ['--days', '1']],
    ['in the middle of its days', ['--days', '60', '--exit']],
    ['in real time', ['--days', '1', '--speed', '1']],
  ])('leaves no process behind when it is interrupted %s', { timeout: RUN_MS_MAX }, async (name, flags) => {
    const state = join(directory, name.replaceAll(' ', '-'));
    const run = start([...flags, '--port', '0', '--state', state]);
    const isAtWork = (): boolean => existsSync(join(state, 'progress.json'));
    await until(() =>
      flags.includes('--exit') || flags.includes('--speed') ? isAtWork() : run.stdout().includes('API'),
    );
    const emulators = descendants(run.pid);
    expect(emulators.map(nameOf)).toContain('dynoxide');
    run.child.kill('SIGINT');
    expect(await run.exit).toBe(130);
    await until(() => emulators.every((pid) => nameOf(pid) === ''));
  });

  it('ends with the words of an emulator that stops', { timeout: RUN_MS_MAX }, async () => {
    const run = start(['--days', '1', '--port', '0']);
    await until(() => run.stdout().includes('API'));
    const emulator = descendants(run.pid).find((pid) => nameOf(pid) === 'dynoxide');
    process.kill(emulator ?? 0, 'SIGKILL');
    expect(await run.exit).toBe(2);
    expect(run.stderr()).toContain('belay: the DynamoDB emulator stopped');
  });
});
