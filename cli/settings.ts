/**
 * Where the operator's command finds the house: in its own environment variables, the same that the functions get, or,
 * when there are none, in what the local house that runs on this machine has written down.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

/** Written by the local house while it runs. */
const LOCAL_HOUSE_FILE = fileURLToPath(new URL('../.belay/house.json', import.meta.url));
/** The local house's issuer of tokens. */
export const LOCAL_ISSUER_FILE = fileURLToPath(new URL('../.belay/issuer.json', import.meta.url));

const localHouse = z.object({ apiUrl: z.string(), variables: z.record(z.string(), z.string()) });

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** What the local house that runs on this machine has written down. @throws SettingsError where none runs. */
export function readLocalHouse(): z.output<typeof localHouse> {
  if (!existsSync(LOCAL_HOUSE_FILE)) {
    throw new SettingsError(
      'no house to speak to: start the local one (npm start), or set the variables of a deployed one (TABLE_SAFETY ...)',
    );
  }
  const read = localHouse.safeParse(JSON.parse(readFileSync(LOCAL_HOUSE_FILE, 'utf8')));
  if (!read.success) throw new SettingsError(`${LOCAL_HOUSE_FILE} is not readable: ${z.prettifyError(read.error)}`);
  return read.data;
}

/** Puts the local house's settings into the environment where the shell has none. @throws SettingsError without either. */
export function takeSettings(environment: NodeJS.ProcessEnv): void {
  if (environment['TABLE_SAFETY'] !== undefined) return;
  Object.assign(environment, readLocalHouse().variables);
}
