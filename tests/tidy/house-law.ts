/** Laws over all files at once: dead files, the three files of a function room, the catalogue, makers of brands, data. */
import { posix } from 'node:path';
import { targetOf } from './import-law.ts';
import { isTest, type SourceFile } from './source-file.ts';
import type { Violation } from './violation.ts';

export type Files = ReadonlyMap<string, SourceFile>;

const ENTRY_PATTERNS = [
  /^functions\/[^/]+\/handler\.ts$/,
  /^infra\/app\.ts$/,
  /^(?:infra\/local|cli|console|tests)\/(?:[^/]+\/)*main\.tsx?$/,
  /\.(?:test|bench)\.tsx?$/,
  /^[^/]+\.config\.ts$/,
  /^\.ci\/[^/]+$/,
];

/** Files that a script of package.json runs. */
export const entriesOfScripts = (packageJson: string): readonly string[] =>
  [...packageJson.matchAll(/(?:^|[\s"])([a-z][\w./-]*\.(?:ts|mjs))\b/g)].map((match) => match[1] ?? '');

function reach(files: Files, entries: readonly string[]): ReadonlySet<string> {
  const reached = new Set<string>();
  const waiting = [...entries];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const file = files.get(path);
    if (file === undefined || reached.has(path)) continue;
    reached.add(path);
    for (const { specifier } of file.imports) {
      const target = targetOf(path, specifier ?? '');
      if (target.kind === 'file') waiting.push(target.path);
    }
    for (const url of file.urls) waiting.push(posix.join(posix.dirname(path), url));
  }
  return reached;
}

/** Files that no handler, main, test, configuration or script reaches. */
export function findDeadFiles(files: Files, scriptEntries: readonly string[]): readonly Violation[] {
  const paths = [...files.keys()];
  const reached = reach(files, [
    ...paths.filter((path) => ENTRY_PATTERNS.some((pattern) => pattern.test(path))),
    ...scriptEntries,
  ]);
  return paths
    .filter((path) => !reached.has(path))
    .map((path) => {
      const message = 'no handler, main, test, configuration or script reaches this file; use it or remove it';
      return { path, line: 1, rule: 'dead-file', message };
    });
}

/** What serves tests beside the product says so by where it lies or how it is named; a page is text that a test holds. */
const SERVES_TESTS = /^tests\/|^shared\/adapters\/memory\/|-(?:under-test|fixture|page)\.ts$/;

/** Product files that nothing but their own tests reach: kept up, and used by nobody. */
export function findUnusedFiles(files: Files, scriptEntries: readonly string[]): readonly Violation[] {
  const entries = [...files.keys()].filter(
    (path) => !isTest(path) && ENTRY_PATTERNS.some((pattern) => pattern.test(path)),
  );
  const reached = reach(files, [...entries, ...scriptEntries]);
  return [...files.keys()]
    .filter((path) => !isTest(path) && !reached.has(path) && !SERVES_TESTS.test(path))
    .map((path) => {
      const message = 'only tests reach this file; let the product use it, or remove it with its test';
      return { path, line: 1, rule: 'unused-file', message };
    });
}

/** Every function room has its door, its composition root and at least one workflow. */
export function checkFunctionRooms(files: Files): readonly Violation[] {
  const product = [...files.keys()].filter((path) => path.startsWith('functions/') && !isTest(path));
  const rooms = new Set(product.map((path) => path.split('/').slice(0, 2).join('/')));
  return [...rooms].flatMap((room) => {
    const held = product.filter((path) => path.startsWith(`${room}/`));
    const needed = [`${room}/handler.ts`, `${room}/wiring.ts`].filter((path) => !held.includes(path));
    if (held.length + needed.length < 3) needed.push(`${room}/<verb-object>.ts`);
    return needed.map((path) => ({ path: room, line: 1, rule: 'function-room', message: `has no ${path}` }));
  });
}

const EVENT_FILE = /^events\/(?:facts|commands)\//;

/** Every fact and command lies in a versioned file that the catalogue imports. */
export function checkCatalogue(files: Files): readonly Violation[] {
  const catalogue = files.get('events/catalogue.ts');
  const listed = new Set(
    (catalogue?.imports ?? []).filter((edge) => !edge.typeOnly).map((edge) => edge.specifier?.replace(/^#/, '')),
  );
  const events = [...files.keys()].filter((path) => EVENT_FILE.test(path) && !isTest(path));
  return events.flatMap((path) => {
    const add = (message: string) => ({ path, line: 1, rule: 'catalogue', message });
    const found: Violation[] = [];
    if (!/\.v\d+\.ts$/.test(path)) found.push(add('an event file ends in its version, such as order-filled.v1.ts'));
    if (!listed.has(path)) found.push(add('is not imported by events/catalogue.ts'));
    return found;
  });
}

/** A function that makes a brand, and the only product files that may call it. */
export interface BrandMaker {
  readonly module: string;
  readonly name: string;
  readonly importers: readonly string[];
}

/** The makers are where the table says, and only those files take them that it lists. Unit tests may. */
export function checkBrandMakers(files: Files, makers: readonly BrandMaker[]): readonly Violation[] {
  const rule = 'brand-maker';
  return makers.flatMap(({ module, name, importers }): readonly Violation[] => {
    const maker = files.get(module);
    if (maker === undefined || !new RegExp(`export (?:const|function) ${name}\\b`).test(maker.text)) {
      return [{ path: module, line: 1, rule, message: `exports no ${name}: mend the table of makers` }];
    }
    return [...files.values()]
      .filter((file) => file.path !== module && !isTest(file.path) && !importers.includes(file.path))
      .flatMap((file) =>
        file.imports
          .filter((edge) => !edge.typeOnly && edge.names.some((taken) => taken === name || taken === '*'))
          .filter((edge) => {
            const target = targetOf(file.path, edge.specifier ?? '');
            return target.kind === 'file' && target.path === module;
          })
          .map((edge) => {
            const message = `takes ${name} of ${module}; only ${[module, ...importers].join(', ')} may`;
            return { path: file.path, line: edge.line, rule, message };
          }),
      );
  });
}

/** The folder beside the project, in a path or in the parts of one. */
const DATA_BESIDE = /\bshared['"`,\s/\\]+data\b/;

/** Product code never reads the folder beside the project. Tests and the command line's own texts may name it. */
export function checkDataBeside(file: SourceFile): readonly Violation[] {
  if (isTest(file.path) || file.path.startsWith('cli/')) return [];
  return file.text.split('\n').flatMap((text, index) => {
    if (!DATA_BESIDE.test(text)) return [];
    const message = 'names the data folder beside the project; take a path as an argument';
    return [{ path: file.path, line: index + 1, rule: 'data-beside', message }];
  });
}
