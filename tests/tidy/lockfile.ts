/**
 * Completeness of package-lock.json. A native tool names one optional package for each platform. A registry that lacks
 * the builds of foreign platforms makes `npm install` leave them out of the lock without a word, and `npm ci` then
 * refuses the lock everywhere. Here the gaps are found and filled from what the tool's own entry declares.
 */
import * as z from 'zod';

const Entry = z.looseObject({
  version: z.string().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const Lockfile = z.looseObject({ packages: z.record(z.string(), Entry) });

export type LockfileEntry = z.infer<typeof Entry>;
export type Lockfile = z.infer<typeof Lockfile>;

/** The text as it stands, its keys in their order. @throws ZodError when it is no lockfile of version 2 or 3. */
export function parseLockfile(text: string): Lockfile {
  const value: unknown = JSON.parse(text);
  if (isLockfile(value)) return value;
  return Lockfile.parse(value);
}

const isLockfile = (value: unknown): value is Lockfile => Lockfile.safeParse(value).success;

/** One optional package that a locked package declares and the lock does not hold. */
export interface LockfileGap {
  readonly parent: string;
  readonly name: string;
  readonly version: string;
}

const NESTED = 'node_modules/';

/** Node's own lookup: the folder of the package, then each folder above it. */
function isLocked(packages: Lockfile['packages'], parent: string, name: string): boolean {
  let folder = parent;
  for (;;) {
    const candidate = folder === '' ? NESTED + name : `${folder}/${NESTED}${name}`;
    if (packages[candidate] !== undefined) return true;
    if (folder === '') return false;
    const cut = folder.lastIndexOf(NESTED);
    folder = folder.slice(0, Math.max(cut - 1, 0));
  }
}

/** Every optional package that is declared and not locked, in the order of the lock. */
export function findLockfileGaps(lockfile: Lockfile): readonly LockfileGap[] {
  return Object.entries(lockfile.packages).flatMap(([parent, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !isLocked(lockfile.packages, parent, name))
      .map(([name, version]) => ({ parent, name, version })),
  );
}

const SYSTEMS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
] as const;
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'] as const;

/** The platform that a native package's name ends in, such as "@x/binding-linux-arm64-musl"; undefined for no such name. */
function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } | undefined {
  const parts = name.slice(name.indexOf('/') + 1).split('-');
  const os = SYSTEMS.find((system) => parts.includes(system));
  const cpu = PROCESSORS.find((processor) => parts.includes(processor));
  if (os === undefined || cpu === undefined) return undefined;
  if (os !== 'linux') return { os: [os], cpu: [cpu] };
  if (parts.some((part) => part.startsWith('musl'))) return { os: [os], cpu: [cpu], libc: ['musl'] };
  if (parts.some((part) => part.startsWith('gnu'))) return { os: [os], cpu: [cpu], libc: ['glibc'] };
  return { os: [os], cpu: [cpu] };
}

/**
 * The lock with each gap filled. Only exact versions of packages whose name tells their platform are filled in.
 * @throws RangeError naming the package for any other gap.
 */
export function fillLockfileGaps(lockfile: Lockfile): Lockfile {
  const filled = findLockfileGaps(lockfile).map(({ parent, name, version }): [string, LockfileEntry] => {
    const platform = platformOf(name);
    if (platform === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
      throw new RangeError(`${parent} wants ${name}@${version}: lock it by hand, its platform or version is not exact`);
    }
    const cut = parent.lastIndexOf(NESTED);
    const entry = {
      version,
      ...platform,
      ...(lockfile.packages[parent]?.dev === true && { dev: true }),
      optional: true,
    };
    return [`${parent.slice(0, cut)}${NESTED}${name}`, entry];
  });
  const packages = Object.entries({ ...lockfile.packages, ...Object.fromEntries(filled) });
  packages.sort(([a], [b]) => a.localeCompare(b, 'en'));
  return { ...lockfile, packages: Object.fromEntries(packages) };
}
