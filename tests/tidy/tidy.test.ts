/** The house is tidy: every law of this folder, held against every source file. */
import { beforeAll, describe, expect, it } from 'vitest';
import { BRAND_MAKERS } from './brand-makers.ts';
import { checkContracts } from './contract-law.ts';
import { checkPurity } from './core-purity.ts';
import { listByGit, listByNode, readHouse, readText } from './house-files.ts';
import {
  checkBrandMakers,
  checkCatalogue,
  checkDataBeside,
  checkFunctionRooms,
  entriesOfScripts,
  type Files,
  findDeadFiles,
  findUnusedFiles,
} from './house-law.ts';
import { checkImports } from './import-law.ts';
import { checkLengths, checkNames } from './shape-law.ts';
import type { SourceFile } from './source-file.ts';
import { checkTypes } from './type-law.ts';
import { formatViolations, type Violation } from './violation.ts';

let files: Files = new Map();
beforeAll(() => {
  files = readHouse();
});

const inEach = (check: (file: SourceFile) => readonly Violation[]): readonly Violation[] =>
  [...files.values()].flatMap((file) => check(file));

/** Fails with every violation on a line of its own, rather than with the difference of two lists. */
function expectNone(violations: readonly Violation[]): void {
  expect(violations.length, `\n${formatViolations(violations)}\n`).toBe(0);
}

describe('the house', () => {
  it('is seen whole: every file that is there has been parsed', () => {
    expect([...files.keys()].toSorted()).toEqual((listByGit() ?? listByNode()).toSorted());
    expect(files.has('tests/tidy/tidy.test.ts')).toBe(true);
    const unread = [...files.values()].flatMap(({ path, parseError }) =>
      parseError === null ? [] : [{ path, line: 1, rule: 'syntax', message: parseError }],
    );
    expectNone(unread);
  });

  it('imports only what each room may', () => {
    expectNone(inEach((file) => checkImports(file, files)));
  });

  it('keeps clocks, randomness, input and output out of core', () => {
    expectNone(inEach(checkPurity));
  });

  it('holds each port by one suite over all its adapters, or says why not', () => {
    expectNone(checkContracts(files));
  });

  it('holds no dead file', () => {
    expectNone(findDeadFiles(files, entriesOfScripts(readText('package.json'))));
  });

  it('keeps nothing in the product that only its own test uses', () => {
    expectNone(findUnusedFiles(files, entriesOfScripts(readText('package.json'))));
  });

  it('has a file for every script of package.json', () => {
    const entries = entriesOfScripts(readText('package.json'));
    expect(entries.length).toBeGreaterThan(5);
    expect(entries.filter((path) => !files.has(path))).toEqual([]);
  });

  it('gives every function room its door, its workflow and its wiring', () => {
    expectNone(checkFunctionRooms(files));
  });

  it('lists every event in the catalogue', () => {
    expectNone(checkCatalogue(files));
  });

  it('lets only their own modules make branded promises', () => {
    expectNone(checkBrandMakers(files, BRAND_MAKERS));
  });

  it('keeps functions under 71 lines and files under 501', () => {
    expectNone(inEach(checkLengths));
  });

  it('names files, folders and types for what they hold', () => {
    expectNone(inEach(checkNames));
  });

  it('tells the types no lies', () => {
    expectNone(inEach(checkTypes));
  });

  it('reads no data beside the project', () => {
    expectNone(inEach(checkDataBeside));
  });
});
