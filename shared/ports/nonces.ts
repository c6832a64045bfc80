/** Texts that may be used once. */
import type { EpochMs } from '#shared/core/kernel/instant.ts';

export interface NonceUse {
  /** Whose nonce it is: two services may use the same text. */
  readonly owner: string;
  readonly nonce: string;
  /** When it may be forgotten: a token that carries it is stale by then. */
  readonly forgetAt: EpochMs;
}

export interface Nonces {
  /** True for the first use and false for every other one, whoever asks. @throws Fault where the table does not answer. */
  spend(use: NonceUse): Promise<boolean>;
}
