/** What the types may not be told: that they are wrong. */
import { type TSType, Visitor } from 'oxc-parser';
import type { SourceFile } from './source-file.ts';
import type { Violation } from './violation.ts';

/** Files whose tools want a default export. */
const isConfiguration = (path: string): boolean => /(^|\/)[a-z-]+\.config\.ts$/.test(path);

/** Names of the types that a file declares, where it declares a brand (`unique symbol`) too; else none. */
function brandsOf(file: SourceFile): ReadonlySet<string> {
  const types = new Set<string>();
  let hasBrand = false;
  new Visitor({
    TSTypeOperator(node) {
      if (node.operator === 'unique') hasBrand = true;
    },
    TSTypeAliasDeclaration: ({ id }) => void types.add(id.name),
  }).visit(file.program);
  return hasBrand ? types : new Set();
}

const nameOf = (type: TSType): string | null =>
  type.type === 'TSTypeReference' && type.typeName.type === 'Identifier' ? type.typeName.name : null;

/** Holds one file to the law of types: no any, no non-null `!`, no `as` but a brand's own, no enum, no default export. */
export function checkTypes(file: SourceFile): readonly Violation[] {
  const found: Violation[] = [];
  const brands = brandsOf(file);
  const add = (node: { readonly start: number }, message: string): void =>
    void found.push({ path: file.path, line: file.lineAt(node.start), rule: 'types', message });
  const definite = (node: { readonly start: number; readonly definite?: boolean }): void => {
    if (node.definite === true) add(node, 'a definite `!`; give the value where it is declared');
  };
  new Visitor({
    TSAnyKeyword: (node) => add(node, '`any`; use unknown and narrow it'),
    TSNonNullExpression: (node) => add(node, 'a non-null `!`; narrow it, or throw where it is missing'),
    TSEnumDeclaration: (node) => add(node, 'an enum; use a union of literals'),
    TSTypeAssertion: (node) => add(node, 'a type assertion; narrow with a guard or a schema'),
    TSAsExpression(node) {
      const name = nameOf(node.typeAnnotation);
      if (name === 'const' || (name !== null && brands.has(name))) return;
      add(node, "an `as`; narrow with a guard or a schema (only a brand's own file may brand)");
    },
    VariableDeclarator: definite,
    PropertyDefinition: definite,
    ExportDefaultDeclaration(node) {
      if (!isConfiguration(file.path)) add(node, 'a default export; export it by its name');
    },
    ExportSpecifier(node) {
      if (node.exported.type === 'Identifier' && node.exported.name === 'default' && !isConfiguration(file.path)) {
        add(node, 'a default export; export it by its name');
      }
    },
  }).visit(file.program);
  return found;
}
