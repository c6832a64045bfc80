/**
 * Faults and bugs. A refusal is a value and lives in refusal.ts; what is thrown is either a fault of the world
 * outside or a bug of ours.
 */

/** transient: try again. uncertain: it may have happened. permanent: trying again changes nothing. */
export type FaultKind = 'transient' | 'uncertain' | 'permanent';

export class Fault extends Error {
  override readonly name = 'Fault';
  readonly kind: FaultKind;
  /** Stable, kebab-case: which dependency failed and how, such as "broker-timeout". */
  readonly code: string;
  constructor(kind: FaultKind, code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.kind = kind;
    this.code = code;
  }
}

/** A rule of the house's own logic was broken: dead-letter, alarm. */
export class Bug extends Error {
  override readonly name = 'Bug';
}

/** @throws Bug when the condition does not hold. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Bug(message);
}

/** For the default of an exhaustive switch. @throws Bug always. */
export function unreachable(value: never): never {
  throw new Bug(`unreachable: ${String(value)}`);
}
