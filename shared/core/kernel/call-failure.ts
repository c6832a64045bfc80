/**
 * What is known of an outside call that failed: whether it can have had an effect. Read from what AWS clients and
 * Node's sockets throw; nothing here knows which service was called.
 */

/**
 * not-sent: it provably never left. throttled: the service turned it away before doing anything. refused: the service
 * says that it is wrong, and will say so again. lost: it was sent and nothing certain came back.
 */
export type CallFailure = 'not-sent' | 'throttled' | 'refused' | 'lost';

const NOT_SENT_CODES = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

const THROTTLED_NAMES = new Set([
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/** Anything that is not known to be harmless counts as lost. */
export function callFailureOf(error: unknown): CallFailure {
  if (THROTTLED_NAMES.has(textField(error, 'name'))) return 'throttled';
  const status = statusOf(error);
  if (status === 429) return 'throttled';
  // 408 is a request that the service gave up on while reading it, which says nothing of what it did.
  if (status !== null && status >= 400 && status < 500 && status !== 408) return 'refused';
  if (status !== null) return 'lost';
  if (NOT_SENT_CODES.has(textField(error, 'code'))) return 'not-sent';
  if (textField(error, 'syscall') === 'connect') return 'not-sent';
  if (textField(error, 'name') === 'CredentialsProviderError') return 'refused';
  if (/did not establish a connection/.test(textField(error, 'message'))) return 'not-sent';
  return 'lost';
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null && field in value ? Reflect.get(value, field) : undefined;
}

function textField(value: unknown, field: string): string {
  const found = fieldOf(value, field);
  return typeof found === 'string' ? found : '';
}

function statusOf(error: unknown): number | null {
  const status = fieldOf(fieldOf(error, '$metadata'), 'httpStatusCode');
  return typeof status === 'number' ? status : null;
}
