/** The broker's error envelope `{code, message, ...}`, read leniently: some errors carry a message only. */
import * as z from 'zod';

export interface BrokerError {
  /** The broker's own number, as text; one number stands for many meanings. */
  readonly code: string | null;
  readonly message: string | null;
  /** What else the envelope says, such as `buying_power`. */
  readonly facts: Readonly<Record<string, string>>;
}

const envelope = z.looseObject({ code: z.string().nullish(), message: z.string().nullish() });

const FACTS_MAX = 12;
const TEXT_LENGTH_MAX = 300;

/** Any answer can be read as an error; what is no envelope has neither code nor message. */
export function brokerErrorOf(body: unknown): BrokerError {
  const read = envelope.safeParse(body);
  if (!read.success) return { code: null, message: null, facts: {} };
  const { code, message, ...rest } = read.data;
  const facts: Record<string, string> = {};
  for (const [name, value] of Object.entries(rest).slice(0, FACTS_MAX)) {
    if (typeof value === 'string') facts[name] = value.slice(0, TEXT_LENGTH_MAX);
  }
  return { code: code ?? null, message: message?.slice(0, TEXT_LENGTH_MAX) ?? null, facts };
}
