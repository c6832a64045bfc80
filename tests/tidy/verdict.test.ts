/** The last line of .ci/run, counted from reports as the test runner writes them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from './house-files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-verdict-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function count(path: string) {
  const { status, stdout } = spawnSync(process.execPath, ['.ci/count-tests.mjs', path], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status, line: stdout.trim().split('\n').at(-1) };
}

function countOf(report: object) {
  const path = join(folder, 'report.json');
  const whole = {
    numPassedTests: 3,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    success: true,
    testResults: [],
  };
  writeFileSync(path, JSON.stringify({ ...whole, ...report }));
  return count(path);
}

describe('the verdict', () => {
  it('counts what passed', () => {
    expect(countOf({})).toEqual({ status: 0, line: '3 passed, 0 failed' });
  });

  it('names what was skipped', () => {
    expect(countOf({ numPendingTests: 1, numTodoTests: 1 })).toEqual({
      status: 0,
      line: '3 passed, 0 failed, 2 skipped',
    });
  });

  it('fails when a test has failed', () => {
    expect(countOf({ numFailedTests: 2, success: false })).toEqual({ status: 1, line: '3 passed, 2 failed' });
  });

  it('counts a file that broke before its first test as one failure', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{ status: 'failed' }] },
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
    ];
    const report = { numFailedTests: 1, success: false, testResults };
    expect(countOf(report)).toEqual({ status: 1, line: '3 passed, 2 failed' });
  });

  it('fails when nothing ran, when the runner says so, and when there is no report', () => {
    expect(countOf({ numPassedTests: 0 })).toEqual({ status: 1, line: '0 passed, 0 failed' });
    expect(countOf({ success: false })).toEqual({ status: 1, line: '3 passed, 0 failed' });
    expect(count(join(folder, 'missing.json'))).toEqual({ status: 1, line: '0 passed, 1 failed' });
  });
});
