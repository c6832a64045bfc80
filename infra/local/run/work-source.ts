/** Something that may hold work to be done now: a lane, a table's stream, the bus. */
export interface WorkSource {
  readonly name: string;
  /** Does the next item of work to its end; false when there was none. */
  step(): Promise<boolean>;
  /** Asks again at the next step, also where nothing of this process has changed anything. */
  lookAgain(): void;
}
