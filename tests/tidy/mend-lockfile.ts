/** `npm run lock`: fills the gaps of package-lock.json, after a change of dependencies. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fillLockfileGaps, findLockfileGaps, parseLockfile } from './lockfile.ts';

const LOCKFILE = new URL('../../package-lock.json', import.meta.url);

const lockfile = parseLockfile(readFileSync(LOCKFILE, 'utf8'));
const gaps = findLockfileGaps(lockfile);
if (gaps.length > 0) writeFileSync(LOCKFILE, `${JSON.stringify(fillLockfileGaps(lockfile), undefined, 2)}\n`);
console.log(
  gaps.length === 0 ? 'package-lock.json is complete' : `package-lock.json: ${gaps.length} packages filled in`,
);
