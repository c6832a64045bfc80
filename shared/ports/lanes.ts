/** The two FIFO lanes. Exits, cancels and flattening go by the urgent one, so that they never wait behind entries. */

export type Lane = 'orders' | 'urgent';

export interface LaneMessage {
  readonly lane: Lane;
  /** Account and symbol: within a group nothing overtakes. */
  readonly group: string;
  /** Command id with its attempt; the lane forgets it after five minutes, so the real guard is the claim. */
  readonly dedupId: string;
  /** The command as JSON text. */
  readonly body: string;
}

export interface Lanes {
  /**
   * Sends one after another, in the order given.
   * @throws Fault `uncertain` when it is not known whether a message arrived: sending the same again is harmless.
   */
  send(messages: readonly LaneMessage[]): Promise<void>;

  /** About how many messages wait on a lane or are worked at. @throws Fault where the queue does not answer */
  waiting(lane: Lane): Promise<number>;
}
