/**
 * Reads the test runner's JSON report and prints "N passed, N failed", with ", N skipped" where some were. A file that
 * failed before its first test counts as one failure, and so does a missing report. Exit code 1 unless all passed.
 */
import { existsSync, readFileSync } from 'node:fs';

function count(report) {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
    success: report.success,
  };
}

const path = process.argv[2] ?? '';
const total = existsSync(path)
  ? count(JSON.parse(readFileSync(path, 'utf8')))
  : { passed: 0, failed: 1, skipped: 0, success: false };

console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed === 0 && total.passed > 0 && total.success ? 0 : 1;
