/** Opens a CSV or CSV.gz file and gives its rows one by one, with one clear error when it cannot be read at all. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type CsvRow, CsvRows } from './csv-rows.ts';

/** A file that cannot be read as what it should be. The message names the file, what was found and what is right. */
export class MarketFileError extends Error {
  override readonly name = 'MarketFileError';
}

const CHUNK_BYTES = 1 << 18;

/** Gzip by its first two bytes, whatever the file is called. */
async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

function explain(path: string, expected: string, cause: unknown): MarketFileError {
  if (cause instanceof MarketFileError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const why =
    code === 'ENOENT'
      ? 'no such file'
      : code === 'EISDIR'
        ? 'it is a folder'
        : code.startsWith('Z_')
          ? `the gzip data is damaged or cut off (${message})`
          : message;
  return new MarketFileError(`${path}: cannot be read: ${why}. Expected ${expected}`, { cause });
}

/** Column names of a header, in lower case, without a byte order mark. */
export const headerNames = (row: CsvRow): readonly string[] =>
  Array.from({ length: row.count }, (_, field) =>
    row
      .text(field)
      .replace(/^\uFEFF/, '')
      .toLowerCase(),
  );

/** @throws MarketFileError that names the columns that a header lacks. */
export function requireColumns(path: string, expected: string, row: CsvRow, required: readonly string[]): void {
  const names = headerNames(row);
  const missing = required.filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  const found = row
    .line()
    .slice(0, 120)
    .replace(/[^\x20-\x7e]/g, '?');
  throw new MarketFileError(`${path}: ${missing.join(', ')} missing in "${found}". Expected ${expected}`);
}

/**
 * Gives every row, the header included, with its line; streaming, so a file may be larger than memory.
 * @param expected what the file should be, for the error.
 * @throws MarketFileError when it is missing, damaged, no CSV or empty.
 */
export async function readCsvFile(
  path: string,
  expected: string,
  take: (row: CsvRow, line: number) => void,
): Promise<void> {
  let lines = 0;
  const rows = new CsvRows((row, line) => {
    lines = line;
    take(row, line);
  });
  const drain = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) rows.push(chunk);
    rows.end();
  };
  try {
    const gzip = await isGzip(path);
    const source = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    if (gzip) await pipeline(source, createGunzip({ chunkSize: CHUNK_BYTES }), drain);
    else await pipeline(source, drain);
  } catch (cause) {
    throw explain(path, expected, cause);
  }
  if (lines === 0) throw new MarketFileError(`${path}: is empty. Expected ${expected}`);
}
