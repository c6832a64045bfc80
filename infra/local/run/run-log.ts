/** What the functions log, kept out of the way of what a person reads. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { LogSink } from '#infra/local/lambda/invocation-scope.ts';

export interface RunLog {
  readonly file: string;
  readonly sink: LogSink;
  close(): void;
}

/** @param show also writes every line to standard error. */
export function openRunLog(directory: string, show: boolean): RunLog {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'functions.log');
  const descriptor = openSync(file, 'a');
  return {
    file,
    sink: (_, text) => {
      const line = text.endsWith('\n') ? text : `${text}\n`;
      writeSync(descriptor, line);
      if (show) process.stderr.write(line);
    },
    close: () => closeSync(descriptor),
  };
}
