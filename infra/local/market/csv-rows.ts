/**
 * Rows of a CSV file, straight from its bytes. Market files have millions of fields and hardly any text: numbers are
 * read where they lie, and a field becomes a string only when somebody asks for it.
 */

const [LINE_FEED, CARRIAGE_RETURN, QUOTE, COMMA, MINUS, POINT, ZERO, NINE] = [10, 13, 34, 44, 45, 46, 48, 57] as const;
const FIELDS_MAX = 64;
/** More digits than this may not fit a double's 53 bits, and are read by the language's own, slower reader. */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

/** One row; valid only until the next one is read. */
export class CsvRow {
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  readonly #starts = new Int32Array(FIELDS_MAX);
  readonly #ends = new Int32Array(FIELDS_MAX);
  /** Fields of the row; those beyond the sixty-fourth are not looked at. */
  count = 0;

  /** Finds the fields of a line. Quotes around a field are taken off; a quoted line feed is not understood. */
  read(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.count = 0;
    let at = start;
    while (this.count < FIELDS_MAX) {
      const fieldEnd = bytes[at] === QUOTE ? this.#quoted(at, end) : this.#plain(at, end);
      if (fieldEnd >= end) return;
      at = fieldEnd + 1;
    }
  }

  #plain(start: number, end: number): number {
    let at = start;
    while (at < end && this.#bytes[at] !== COMMA) at += 1;
    this.#add(start, at);
    return at;
  }

  #quoted(start: number, end: number): number {
    let at = start + 1;
    while (at < end && (this.#bytes[at] !== QUOTE || this.#bytes[at + 1] === QUOTE))
      at += this.#bytes[at] === QUOTE ? 2 : 1;
    this.#add(start + 1, Math.min(at, end));
    while (at < end && this.#bytes[at] !== COMMA) at += 1;
    return at;
  }

  #add(start: number, end: number): void {
    this.#starts[this.count] = start;
    this.#ends[this.count] = end;
    this.count += 1;
  }

  /** A field as text, without blanks around it; empty when there is no such field. */
  text(field: number): string {
    if (field < 0 || field >= this.count) return '';
    return this.#bytes.toString('utf8', this.#starts[field], this.#ends[field]).trim();
  }

  /** A field as text, byte for byte: for short names that are looked up for every row. */
  name(field: number): string {
    return field < 0 || field >= this.count
      ? ''
      : this.#bytes.toString('latin1', this.#starts[field], this.#ends[field]);
  }

  /** A date such as 2024-07-01 as the number 20240701; NaN when the field has another form. */
  dateNumber(field: number): number {
    const start = this.#starts[field] ?? 0;
    if (field < 0 || field >= this.count || (this.#ends[field] ?? 0) - start !== 10) return Number.NaN;
    let value = 0;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.#bytes[start + index] ?? 0;
      if (index === 4 || index === 7) {
        if (byte !== MINUS) return Number.NaN;
      } else {
        if (byte < ZERO || byte > NINE) return Number.NaN;
        value = value * 10 + byte - ZERO;
      }
    }
    return value;
  }

  /** A field as the nearest double; NaN when it is empty or no number. */
  number(field: number): number {
    if (field < 0 || field >= this.count) return Number.NaN;
    const start = this.#starts[field] ?? 0;
    const end = this.#ends[field] ?? 0;
    let mantissa = 0;
    let pointAt = -1;
    for (let at = start; at < end; at += 1) {
      const byte = this.#bytes[at] ?? 0;
      if (byte >= ZERO && byte <= NINE) mantissa = mantissa * 10 + byte - ZERO;
      else if (byte === POINT && pointAt < 0) pointAt = at;
      else return this.#unusualNumber(field);
    }
    const digits = end - start - (pointAt < 0 ? 0 : 1);
    if (digits === 0 || digits > EXACT_DIGITS) return this.#unusualNumber(field);
    // Both are exact doubles, so their quotient is the double nearest to the decimal (Clinger's fast path).
    return pointAt < 0 ? mantissa : mantissa / (POWERS_OF_TEN[end - pointAt - 1] ?? Number.NaN);
  }

  #unusualNumber(field: number): number {
    const text = this.text(field);
    return text === '' ? Number.NaN : Number(text);
  }

  /** The whole line, for a message. */
  line(): string {
    return this.#bytes.toString('utf8', this.#start, this.#end);
  }
}

/** A line without an end: whatever this is, it is no CSV. */
export class EndlessLineError extends Error {
  override readonly name = 'EndlessLineError';
}

const LINE_BYTES_MAX = 65_536;

/** Cuts a stream of bytes into rows, with the number of each line; the first is 1. Empty lines are counted, not given. */
export class CsvRows {
  readonly #row = new CsvRow();
  readonly #take: (row: CsvRow, line: number) => void;
  #rest: Buffer = Buffer.alloc(0);
  #line = 0;

  constructor(take: (row: CsvRow, line: number) => void) {
    this.#take = take;
  }

  /** @throws EndlessLineError when a line has more than 64 KB. */
  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      this.#give(bytes, start, end);
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    if (this.#rest.length > LINE_BYTES_MAX) {
      throw new EndlessLineError(`line ${this.#line + 1} has more than ${LINE_BYTES_MAX} bytes`);
    }
  }

  end(): void {
    if (this.#rest.length > 0) this.#give(this.#rest, 0, this.#rest.length);
  }

  #give(bytes: Buffer, start: number, lineEnd: number): void {
    this.#line += 1;
    const end = lineEnd > start && bytes[lineEnd - 1] === CARRIAGE_RETURN ? lineEnd - 1 : lineEnd;
    if (end === start) return;
    this.#row.read(bytes, start, end);
    this.#take(this.#row, this.#line);
  }
}
