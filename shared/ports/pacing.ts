/** How an adapter waits between two attempts at the same call. */
export interface Pacing {
  /** A fraction from 0 up to, but not including, 1: spreads callers that were turned away at the same moment. */
  fraction(): number;
  sleepMs(durationMs: number): Promise<void>;
}
