/** Core is pure: `now` comes in as a value and chance as a hash. No clock, no randomness, no input or output. */
import { type BindingPattern, type ParamPattern, type Program, type PropertyKey, Visitor } from 'oxc-parser';
import { isTest, type SourceFile } from './source-file.ts';
import type { Violation } from './violation.ts';

/** The world outside, by the names that reach it. Core mentions none of them. */
const WORLD: ReadonlySet<string> = new Set(
  (
    'performance process globalThis global window self crypto console fetch require setTimeout setInterval ' +
    'setImmediate queueMicrotask requestAnimationFrame Temporal WebSocket XMLHttpRequest Worker Atomics eval ' +
    'Function localStorage navigator'
  ).split(' '),
);

interface Mention {
  readonly name: string;
  readonly start: number;
  readonly node: object;
}

/** What a file mentions of the world, and what it has declared or used harmlessly under the same names. */
interface Reading {
  readonly mentions: Mention[];
  readonly harmless: Set<object>;
  readonly declared: Set<string>;
}

function declare(pattern: BindingPattern | ParamPattern, declared: Set<string>): void {
  switch (pattern.type) {
    case 'Identifier':
      declared.add(pattern.name);
      return;
    case 'AssignmentPattern':
      return declare(pattern.left, declared);
    case 'RestElement':
      return declare(pattern.argument, declared);
    case 'TSParameterProperty':
      return declare(pattern.parameter, declared);
    case 'ArrayPattern':
      for (const element of pattern.elements) if (element !== null) declare(element, declared);
      return;
    case 'ObjectPattern':
      for (const property of pattern.properties) {
        declare(property.type === 'RestElement' ? property.argument : property.value, declared);
      }
  }
}

function read(program: Program): Reading {
  const reading: Reading = { mentions: [], harmless: new Set(), declared: new Set() };
  const { mentions, harmless, declared } = reading;
  const key = (node: { readonly computed: boolean; readonly key: PropertyKey }): void => {
    if (!node.computed) harmless.add(node.key);
  };
  const named = (node: { readonly id: { readonly name: string } | null }): void => {
    if (node.id !== null) declared.add(node.id.name);
  };
  const callable = (node: { readonly params: readonly ParamPattern[] }): void => {
    for (const parameter of node.params) declare(parameter, declared);
  };
  new Visitor({
    Identifier(node) {
      if (WORLD.has(node.name) || node.name === 'Date' || node.name === 'Math') {
        mentions.push({ name: node.name, start: node.start, node });
      }
    },
    MemberExpression({ object, property, computed }) {
      if (computed) return;
      harmless.add(property);
      if (object.type !== 'Identifier' || property.type !== 'Identifier') return;
      if (object.name === 'Date' && (property.name === 'UTC' || property.name === 'parse')) harmless.add(object);
      if (object.name === 'Math' && property.name !== 'random') harmless.add(object);
    },
    NewExpression({ callee, arguments: [first] }) {
      const isGiven = first !== undefined && first.type !== 'SpreadElement';
      if (callee.type === 'Identifier' && callee.name === 'Date' && isGiven) harmless.add(callee);
    },
    BinaryExpression({ operator, right }) {
      if (operator === 'instanceof') harmless.add(right);
    },
    Property: key,
    PropertyDefinition: key,
    MethodDefinition: key,
    TSPropertySignature: key,
    TSMethodSignature(node) {
      key(node);
      callable(node);
    },
    TSFunctionType: callable,
    TSTypeReference: ({ typeName }) => void harmless.add(typeName),
    TSTypeQuery: ({ exprName }) => void harmless.add(exprName),
    ImportSpecifier({ imported, local }) {
      harmless.add(imported);
      declared.add(local.name);
    },
    ExportSpecifier: ({ exported }) => void harmless.add(exported),
    VariableDeclarator: ({ id }) => declare(id, declared),
    CatchClause: ({ param }) => (param === null ? undefined : declare(param, declared)),
    FunctionDeclaration(node) {
      named(node);
      callable(node);
    },
    FunctionExpression: callable,
    ArrowFunctionExpression: callable,
    ClassDeclaration: named,
  }).visit(program);
  return reading;
}

/** Holds one file of core to purity; says nothing of other rooms and of unit tests. */
export function checkPurity(file: SourceFile): readonly Violation[] {
  if (!file.path.startsWith('shared/core/') || isTest(file.path)) return [];
  const { mentions, harmless, declared } = read(file.program);
  return mentions
    .filter(({ name, node }) => !harmless.has(node) && !declared.has(name))
    .map(({ name, start }) => {
      const clock = name === 'Date' ? ': only new Date(value), Date.UTC and Date.parse read no clock' : '';
      const message = `core mentions ${name}${clock}; take the instant as a value, and chance as a hash`;
      return { path: file.path, line: file.lineAt(start), rule: 'purity', message };
    });
}
