/** What is expected of every desk, whatever happened at it. */
import { expect } from 'vitest';
import type { Desk } from './desk.ts';
import { inventedFills, journalDifferences, openMismatches, orderDifferences } from './ledger-check.ts';

/** Nothing is booked that the broker does not have, and the trade journal comes to what the books hold. */
export function expectNothingInvented(desk: Desk): void {
  expect(inventedFills(desk)).toEqual([]);
  expect(journalDifferences(desk)).toEqual([]);
}

/** Every order stands as at the broker, and so does every symbol that is not stopped. */
export function expectAgreement(desk: Desk): void {
  expectNothingInvented(desk);
  expect(orderDifferences(desk)).toEqual([]);
  expect(openMismatches(desk)).toEqual([]);
}
