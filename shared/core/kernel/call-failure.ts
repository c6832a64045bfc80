/**
 * What is known of an outside call that failed: whether it can have had an effect. Read from what AWS clients and
 * Node's sockets throw; nothing here knows which service was called.
 */
import { Fault, type FaultKind } from './fault.ts';

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

/**
 * The fault that a failed call is, with a code such as "lanes-answer-lost"; a fault stays what it is.
 * @param service the first word of the code, and what the call was made to.
 * @param effect whether the call could have changed anything: a read whose answer is lost is merely to be repeated.
 */
export function callFault(service: string, error: unknown, effect: 'read' | 'write'): Fault {
  if (error instanceof Fault) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const fault = (kind: FaultKind, what: string): Fault =>
    new Fault(kind, `${service}-${what}`, message, { cause: error });
  switch (callFailureOf(error)) {
    case 'not-sent':
      return fault('transient', 'unreachable');
    case 'throttled':
      return fault('transient', 'throttled');
    case 'refused':
      return fault('permanent', 'refused');
    case 'lost':
      return effect === 'read' ? fault('transient', 'no-answer') : fault('uncertain', 'answer-lost');
  }
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
