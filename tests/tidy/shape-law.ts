/** How large a thing may be, and what it may be called. */
import { Visitor } from 'oxc-parser';
import { isTest, type SourceFile } from './source-file.ts';
import type { Violation } from './violation.ts';

export const FUNCTION_LINES_MAX = 70;
export const FILE_LINES_MAX = 500;

const WORD = '[a-z0-9]+(?:-[a-z0-9]+)*';
const FILE_NAME = new RegExp(`^${WORD}(?:\\.v\\d+)?(?:\\.(?:test|bench|contract|config|d))?\\.(?:ts|tsx|mts|mjs|js)$`);
const FOLDER_NAME = new RegExp(`^\\.?${WORD}$`);
/** A drawer of anything. "common" is one only as a whole name: common factors are a thing. */
const JUNK = /(?:^|-)(?:utils?|helpers?|managers?|misc|stuff|commons?$)(?:-|$)|^common$/;

/** Names of files, folders and types. */
export function checkNames(file: SourceFile): readonly Violation[] {
  const found: Violation[] = [];
  const add = (line: number, message: string): void =>
    void found.push({ path: file.path, line, rule: 'names', message });
  const segments = file.path.split('/');
  const name = segments.pop() ?? '';
  if (!FILE_NAME.test(name)) add(1, `${name} is not kebab-case`);
  for (const folder of segments) if (!FOLDER_NAME.test(folder)) add(1, `folder ${folder} is not kebab-case`);
  for (const word of [...segments, name.slice(0, name.indexOf('.'))]) {
    if (JUNK.test(word)) add(1, `"${word}" names a junk drawer; name the file for what it holds`);
  }
  const declares = ({ id }: { readonly id: { readonly name: string; readonly start: number } }): void => {
    if (/^I[A-Z][a-z]/.test(id.name)) add(file.lineAt(id.start), `${id.name} has an I prefix; name it for what it is`);
  };
  new Visitor({ TSInterfaceDeclaration: declares, TSTypeAliasDeclaration: declares }).visit(file.program);
  return found;
}

type Span = { readonly start: number; readonly end: number };

/** Functions that hold a whole suite: the callbacks of `describe`, and what `describe` is called in. */
function suitesOf(file: SourceFile): ReadonlySet<object> {
  const suites = new Set<object>();
  const open: object[] = [];
  const enter = (node: object): void => void open.push(node);
  const leave = (): void => void open.pop();
  new Visitor({
    FunctionDeclaration: enter,
    'FunctionDeclaration:exit': leave,
    FunctionExpression: enter,
    'FunctionExpression:exit': leave,
    ArrowFunctionExpression: enter,
    'ArrowFunctionExpression:exit': leave,
    CallExpression(call) {
      if (!/^describe\b/.test(file.text.slice(call.start, call.start + 'describe.'.length))) return;
      for (const suite of [...open, ...call.arguments]) suites.add(suite);
    },
  }).visit(file.program);
  return suites;
}

/** Lengths of the file and of each function in it. */
export function checkLengths(file: SourceFile): readonly Violation[] {
  const found: Violation[] = [];
  const fileLines = file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);
  if (fileLines > FILE_LINES_MAX) {
    const message = `${fileLines} lines; at most ${FILE_LINES_MAX}: split it by what it holds`;
    found.push({ path: file.path, line: 1, rule: 'length', message });
  }
  const suites = isTest(file.path) ? suitesOf(file) : new Set<object>();
  const measure = (node: Span): void => {
    const line = file.lineAt(node.start);
    const lines = file.lineAt(node.end) - line + 1;
    if (lines <= FUNCTION_LINES_MAX || suites.has(node)) return;
    const message = `a function of ${lines} lines; at most ${FUNCTION_LINES_MAX}: push ifs up and loops down`;
    found.push({ path: file.path, line, rule: 'length', message });
  };
  new Visitor({
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
  }).visit(file.program);
  return found;
}
