/**
 * MessagePack, as far as the streams use it: nil, booleans, numbers, texts, lists and maps, and timestamps, which are big
 * integers of nanoseconds here.
 */

/** Thrown for bytes that end early or have a type that is not read here. */
const malformed = (why: string): RangeError => new RangeError(`not MessagePack: ${why}`);

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder();

class Writer {
  private bytes = new Uint8Array(256);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  private room(size: number): number {
    const at = this.length;
    this.length += size;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      grown.set(this.bytes);
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return at;
  }

  byte(value: number): void {
    const at = this.room(1);
    this.view.setUint8(at, value);
  }

  uint(value: number, size: 1 | 2 | 4): void {
    const at = this.room(size);
    if (size === 1) this.view.setUint8(at, value);
    else if (size === 2) this.view.setUint16(at, value);
    else this.view.setUint32(at, value);
  }

  uint64(value: bigint): void {
    const at = this.room(8);
    this.view.setBigUint64(at, value);
  }

  int64(value: bigint): void {
    const at = this.room(8);
    this.view.setBigInt64(at, value);
  }

  float(value: number): void {
    const at = this.room(8);
    this.view.setFloat64(at, value);
  }

  raw(bytes: Uint8Array): void {
    const at = this.room(bytes.length);
    this.bytes.set(bytes, at);
  }

  done(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

function writeNumber(writer: Writer, value: number): void {
  if (!Number.isSafeInteger(value)) {
    writer.byte(0xcb);
    writer.float(value);
  } else if (value >= 0 && value < 0x80) writer.byte(value);
  else if (value < 0 && value >= -32) writer.byte(value & 0xff);
  else if (value >= 0 && value <= 0xffff_ffff) {
    writer.byte(0xce);
    writer.uint(value, 4);
  } else {
    writer.byte(0xd3);
    writer.int64(BigInt(value));
  }
}

/** Header of a text, list or map by its length. */
function writeHeader(
  writer: Writer,
  length: number,
  short: number,
  shortMax: number,
  wide: readonly [number, number],
): void {
  if (length <= shortMax) writer.byte(short | length);
  else if (length <= 0xffff) {
    writer.byte(wide[0]);
    writer.uint(length, 2);
  } else {
    writer.byte(wide[1]);
    writer.uint(length, 4);
  }
}

const NANOSECONDS = 1_000_000_000n;

/** Extension -1 in eight bytes: 30 bits of nanoseconds, 34 of seconds. */
function writeTimestamp(writer: Writer, stamp: bigint): void {
  writer.byte(0xd7);
  writer.byte(0xff);
  writer.uint64(((stamp % NANOSECONDS) << 34n) | (stamp / NANOSECONDS));
}

function write(writer: Writer, value: unknown): void {
  if (value === null || value === undefined) writer.byte(0xc0);
  else if (typeof value === 'boolean') writer.byte(value ? 0xc3 : 0xc2);
  else if (typeof value === 'number') writeNumber(writer, value);
  else if (typeof value === 'bigint') writeTimestamp(writer, value);
  else if (typeof value === 'string') {
    const bytes = textEncoder.encode(value);
    writeHeader(writer, bytes.length, 0xa0, 31, [0xda, 0xdb]);
    writer.raw(bytes);
  } else if (Array.isArray(value)) {
    writeHeader(writer, value.length, 0x90, 15, [0xdc, 0xdd]);
    for (const item of value) write(writer, item);
  } else if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    writeHeader(writer, entries.length, 0x80, 15, [0xde, 0xdf]);
    for (const [key, item] of entries) {
      write(writer, key);
      write(writer, item);
    }
  } else throw new TypeError(`${typeof value} has no MessagePack form here`);
}

export function encodeMessagePack(value: unknown): Uint8Array {
  const writer = new Writer();
  write(writer, value);
  return writer.done();
}

class Reader {
  private at = 0;
  private readonly view: DataView;
  private readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private take(size: number): number {
    const at = this.at;
    if (at + size > this.bytes.length) throw malformed('it ends early');
    this.at += size;
    return at;
  }

  private uint(size: 1 | 2 | 4): number {
    const at = this.take(size);
    return size === 1 ? this.view.getUint8(at) : size === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
  }

  private text(length: number): string {
    const at = this.take(length);
    return textDecoder.decode(this.bytes.subarray(at, at + length));
  }

  private list(length: number): unknown[] {
    const items: unknown[] = [];
    for (let index = 0; index < length; index += 1) items.push(this.value());
    return items;
  }

  private map(length: number): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    for (let index = 0; index < length; index += 1) {
      const key = this.value();
      if (typeof key !== 'string') throw malformed('a key that is no text');
      found[key] = this.value();
    }
    return found;
  }

  value(): unknown {
    const type = this.uint(1);
    if (type < 0x80) return type;
    if (type < 0x90) return this.map(type & 0x0f);
    if (type < 0xa0) return this.list(type & 0x0f);
    if (type < 0xc0) return this.text(type & 0x1f);
    if (type >= 0xe0) return type - 0x100;
    return this.wide(type);
  }

  private timestamp(): bigint {
    if (this.uint(1) !== 0xff) throw malformed('an extension that is no timestamp');
    const packed = this.view.getBigUint64(this.take(8));
    return (packed & 0x3_ffff_ffffn) * NANOSECONDS + (packed >> 34n);
  }

  private wide(type: number): unknown {
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return this.view.getFloat32(this.take(4));
      case 0xcb:
        return this.view.getFloat64(this.take(8));
      case 0xcc:
        return this.uint(1);
      case 0xcd:
        return this.uint(2);
      case 0xce:
        return this.uint(4);
      case 0xcf:
        return Number(this.view.getBigUint64(this.take(8)));
      case 0xd0:
        return this.view.getInt8(this.take(1));
      case 0xd1:
        return this.view.getInt16(this.take(2));
      case 0xd2:
        return this.view.getInt32(this.take(4));
      case 0xd3:
        return Number(this.view.getBigInt64(this.take(8)));
      case 0xd7:
        return this.timestamp();
      case 0xd9:
        return this.text(this.uint(1));
      case 0xda:
        return this.text(this.uint(2));
      case 0xdb:
        return this.text(this.uint(4));
      case 0xdc:
        return this.list(this.uint(2));
      case 0xdd:
        return this.list(this.uint(4));
      case 0xde:
        return this.map(this.uint(2));
      case 0xdf:
        return this.map(this.uint(4));
      default:
        throw malformed(`type 0x${type.toString(16)}`);
    }
  }
}

/** @throws RangeError for bytes that are no MessagePack, or have a type that is not read here. */
export const decodeMessagePack = (bytes: Uint8Array): unknown => new Reader(bytes).value();
