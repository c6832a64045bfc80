/** `npm start`: trading days through the whole house on this machine. */
import { CommanderError } from 'commander';
import { EmulatorError } from './emulators/emulator-process.ts';
import { PortInUseError } from './http/loopback-server.ts';
import { MarketFileError } from './market/read-csv-file.ts';
import { QUIET_SDK } from './run/quiet-sdk.ts';
import { ProgressError } from './run/progress.ts';
import { readRunOptions, type RunOptions } from './run/run-options.ts';
import { report, runDays } from './run/trading-days.ts';
import { startTradingHouse, type TradingHouse } from './run/trading-house.ts';
import { isSound, summaryTable } from './summary/summary.ts';
import { TemplateError } from './template/template-files.ts';

const SOUND = 0;
const UNSOUND = 1;
/** What a person can set right: a flag, a file, a port, an installation. */
const UNUSABLE = 2;

const EXPECTED = [EmulatorError, PortInUseError, MarketFileError, ProgressError, TemplateError, RangeError] as const;

async function main(): Promise<number> {
  const options = readRunOptions(process.argv.slice(2));
  const trading = await startTradingHouse(options);
  const startMs = Math.round(performance.now());
  const interrupted = untilInterrupted();
  try {
    const code = await Promise.race([
      runAndServe(trading, options, startMs, interrupted),
      interrupted,
      trading.house.broken,
    ]);
    return code;
  } finally {
    await trading.stop();
  }
}

/** Resolves with the exit code at Ctrl-C, and when the house is told to end. */
function untilInterrupted(): Promise<number> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve(130));
    process.once('SIGTERM', () => resolve(143));
  });
}

async function runAndServe(
  trading: TradingHouse,
  options: RunOptions,
  startMs: number,
  interrupted: Promise<number>,
): Promise<number> {
  const startedMs = performance.now();
  await runDays(trading);
  const elapsedMs = Math.round(performance.now() - startedMs);
  const { summary, differences } = await report(trading, { startMs, elapsedMs });
  const told = options.json ? process.stderr : process.stdout;
  told.write(`${summaryTable(summary, differences)}\n`);
  for (const failure of trading.failures.slice(0, FAILURES_SHOWN_MAX)) {
    told.write(`${failure.functionName} failed: ${failure.errorType}: ${failure.errorMessage}\n`);
  }
  if (!options.exit) {
    told.write(
      `\nAPI    ${trading.house.apiUrl}/health\ntoken  node --import tsx cli/main.ts token\nlogs   ${trading.log.file}\n`,
    );
  }
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  if (options.exit) return isSound(summary) ? SOUND : UNSOUND;
  return serve(trading, interrupted);
}

/** Goes on answering people: the clock stands at the end of the last day, and what they ask for is worked off. */
async function serve(trading: TradingHouse, interrupted: Promise<number>): Promise<number> {
  for (;;) {
    const code = await Promise.race([interrupted, pause(SERVE_LOOK_MS)]);
    if (code !== null) return code;
    trading.conductor.lookAgain();
    await trading.conductor.drain();
  }
}

const SERVE_LOOK_MS = 200;

const pause = (durationMs: number): Promise<null> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(null), durationMs);
  });

const FAILURES_SHOWN_MAX = 5;

function codeOfError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? SOUND : UNUSABLE;
  if (EXPECTED.some((kind) => error instanceof kind)) {
    process.stderr.write(`belay: ${error instanceof Error ? error.message : String(error)}\n`);
    return UNUSABLE;
  }
  process.stderr.write(`belay: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return UNSOUND;
}

Object.assign(process.env, QUIET_SDK);
// A house that is interrupted leaves invocations behind that would sleep on for minutes.
process.exit(await main().catch(codeOfError));
