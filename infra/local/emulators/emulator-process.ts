/**
 * One emulator as a child process. It outlives nobody: it runs under a small shell that ends it when the shell's
 * standard input closes, which the system does for a parent that died, kill -9 included.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';

/** An emulator that did not start, or that stopped by itself; the message ends with its own last words. */
export class EmulatorError extends Error {
  override readonly name = 'EmulatorError';
}

export interface Emulator {
  /** Such as "http://127.0.0.1:40123". */
  readonly endpoint: string;
  /** The shell that holds the emulator; when it ends, both have ended. */
  readonly pid: number;
  /** Rejects with EmulatorError when the emulator stops by itself; resolves when it was told to stop. */
  readonly ended: Promise<void>;
  /** Ends the emulator and waits until it is gone. Harmless when called again. */
  stop(): Promise<void>;
}

export interface EmulatorCommand {
  /** How messages call it, such as "the DynamoDB emulator". */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Finds the endpoint in what the emulator has said so far; null until it has said that it listens. */
  readonly endpointIn: (words: string) => string | null;
  /** A page of the endpoint that answers 200 when the emulator is ready. */
  readonly readyPath: string;
}

/** Runs "$0" "$@" until it ends or until standard input closes; then a term signal, and after five seconds a kill. */
const SUPERVISOR = `exec 3<&0
"$0" "$@" 3<&- </dev/null &
emulator=$!
(
  read -r _ <&3
  kill -TERM "$emulator" 2>/dev/null
  tries=0
  while kill -0 "$emulator" 2>/dev/null && [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -KILL "$emulator" 2>/dev/null
) >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$emulator"
status=$?
kill "$watch" 2>/dev/null
exit "$status"`;

const START_MS_MAX = 10_000;
const WORDS_CHARS_MAX = 4000;

/** Starts the command and waits until it answers. @throws EmulatorError with the emulator's own words. */
export async function startEmulator(command: EmulatorCommand): Promise<Emulator> {
  const child = spawn('/bin/sh', ['-c', SUPERVISOR, command.file, ...command.args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Its own group: Ctrl-C reaches the house alone, which then stops its emulators in its own order.
    detached: true,
  });
  const words = collectWords(child);
  let stopping = false;
  const exit = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(`stopped (${signal ?? `exit code ${code}`})`));
  });
  const ended = exit.then((how) => {
    if (!stopping) throw new EmulatorError(`${command.name} ${how}${quoted(words())}`);
  });
  // Somebody who does not watch `ended` learns of it from the next call, which fails.
  ended.catch(() => undefined);
  const stop = async (): Promise<void> => {
    stopping = true;
    child.stdin.destroy();
    await exit;
  };
  try {
    const endpoint = await Promise.race([untilReady(command, words), ended.then(() => command.name)]);
    return { endpoint, pid: child.pid ?? 0, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function collectWords(child: ChildProcess): () => string {
  let said = '';
  const hear = (chunk: Buffer): void => {
    said = `${said}${chunk.toString('utf8')}`.slice(-WORDS_CHARS_MAX);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  return () => said;
}

const quoted = (words: string): string => (words.trim() === '' ? ', without a word' : `: ${words.trim()}`);

async function untilReady(command: EmulatorCommand, words: () => string): Promise<string> {
  const deadline = performance.now() + START_MS_MAX;
  while (performance.now() < deadline) {
    const endpoint = command.endpointIn(words());
    if (endpoint !== null && (await answersGet(`${endpoint}${command.readyPath}`))) return endpoint;
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
  throw new EmulatorError(`${command.name} did not answer within ${START_MS_MAX} ms${quoted(words())}`);
}

async function answersGet(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** A TCP port of the loopback interface that nobody listens on at this moment. */
export function freeLoopbackPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new EmulatorError('the system gave no loopback port'));
      });
    });
  });
}
