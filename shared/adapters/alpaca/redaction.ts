/** Takes credentials out of texts that leave the adapter: a broker or a proxy may answer with what it was sent. */
import type { AlpacaCredentials } from './endpoints.ts';

export type Redact = (text: string) => string;

const EXCERPT_LENGTH = 500;

export function redactor(credentials: AlpacaCredentials): Redact {
  const encoded = [credentials.secret, credentials.key].flatMap((value) => [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
  ]);
  // The longest first: a key may be part of a secret.
  const hidden = [...new Set(encoded)].sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((rest, value) => rest.replaceAll(value, '[redacted]'), text);
}

/** The start of a text on one line, fit for an error or a log. */
export const excerptOf = (text: string): string => text.slice(0, EXCERPT_LENGTH).replace(/\s+/g, ' ').trim();
