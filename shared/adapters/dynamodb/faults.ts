/** DynamoDB's exceptions as the house's faults: whether to try again, and whether a write can have happened. */
import {
  TransactionCanceledException,
  TransactionConflictException,
  TransactionInProgressException,
} from '@aws-sdk/client-dynamodb';
import { callFault } from '#shared/core/kernel/call-failure.ts';
import { Bug, Fault, type FaultKind } from '#shared/core/kernel/fault.ts';

const REFUSED_CODES: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'tables-not-found',
  AccessDeniedException: 'tables-denied',
  UnrecognizedClientException: 'tables-denied',
  ExpiredTokenException: 'tables-denied',
  CredentialsProviderError: 'tables-denied',
  ValidationException: 'tables-malformed',
  IdempotentParameterMismatchException: 'tables-token-reused',
};

/** @param effect whether the call could have changed anything. */
export function faultOf(error: unknown, effect: 'read' | 'write'): Fault | Bug {
  if (error instanceof Bug || error instanceof Fault) return error;
  const fault = (kind: FaultKind, code: string): Fault =>
    new Fault(kind, code, error instanceof Error ? `${error.name}: ${error.message}` : String(error), { cause: error });
  if (error instanceof TransactionCanceledException) return canceledFault(error, fault);
  if (error instanceof TransactionConflictException) return fault('transient', 'tables-conflict');
  // The same transaction, sent before, is still being worked on: its outcome is not known yet.
  if (error instanceof TransactionInProgressException) return fault('uncertain', 'tables-in-progress');
  const refused = REFUSED_CODES[error instanceof Error ? error.name : ''];
  return refused === undefined ? callFault('tables', error, effect) : fault('permanent', refused);
}

/** A canceled transaction wrote nothing. Its conditions are read before this; here only the other reasons count. */
function canceledFault(error: TransactionCanceledException, fault: (kind: FaultKind, code: string) => Fault): Fault {
  const reasons = new Set((error.CancellationReasons ?? []).map((reason) => reason.Code));
  if (reasons.has('ValidationError')) return fault('permanent', 'tables-malformed');
  if (reasons.has('ItemCollectionSizeLimitExceeded')) return fault('permanent', 'tables-malformed');
  if (reasons.has('TransactionConflict')) return fault('transient', 'tables-conflict');
  if (reasons.has('ThrottlingError') || reasons.has('ProvisionedThroughputExceeded')) {
    return fault('transient', 'tables-throttled');
  }
  return fault('permanent', 'tables-refused');
}
