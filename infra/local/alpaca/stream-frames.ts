/** Frames of both streams: texts, bytes of JSON, or MessagePack. */
import type { RawData } from 'ws';
import { decodeMessagePack } from './message-pack.ts';

export const bytesOf = (raw: RawData): Buffer =>
  Array.isArray(raw) ? Buffer.concat(raw) : raw instanceof ArrayBuffer ? Buffer.from(raw) : raw;

export const jsonText = (body: unknown): string => JSON.stringify(body);
export const jsonBytes = (body: unknown): Uint8Array => Buffer.from(JSON.stringify(body), 'utf8');

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A frame from a client; null when it cannot be read or is no object. */
export function parseFrame(raw: RawData, messagePack: boolean): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = messagePack ? decodeMessagePack(bytesOf(raw)) : JSON.parse(bytesOf(raw).toString('utf8'));
    return isRecord(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}
