/** Secrets by the id that the environment names. Their values are never logged. */
export interface Secrets {
  /** @throws Fault `permanent` when the secret is missing or this function may not read it. */
  read(id: string): Promise<string>;
}
