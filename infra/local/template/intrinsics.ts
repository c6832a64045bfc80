/** CloudFormation's intrinsic functions, resolved across the stacks of one environment to what things are called here. */
import {
  LOCAL_ACCOUNT,
  LOCAL_REGION,
  type PhysicalResource,
  type PhysicalSettings,
  physicalResource,
} from './physical-names.ts';
import { type StackTemplate, TemplateError } from './template-files.ts';

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': LOCAL_ACCOUNT,
  'AWS::Region': LOCAL_REGION,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The two operands of Join, Split and Select. */
function pair(stack: string, name: string, value: unknown): readonly [unknown, unknown] {
  if (!Array.isArray(value) || value.length !== 2) throw new TemplateError(`${stack}: malformed ${name}`);
  return [value[0], value[1]];
}

export class TemplateResolver {
  readonly #templates: ReadonlyMap<string, StackTemplate>;
  readonly #settings: PhysicalSettings;
  readonly #physical = new Map<string, PhysicalResource>();

  constructor(templates: readonly StackTemplate[], settings: PhysicalSettings) {
    this.#templates = new Map(templates.map((template) => [template.stack, template]));
    this.#settings = settings;
  }

  /** A value of a stack's template, every intrinsic replaced. @throws TemplateError where one has no local value. */
  resolve(stack: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.resolve(stack, item));
    if (!isRecord(value)) return value;
    const [name, ...others] = Object.keys(value);
    if (name !== undefined && others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
      return this.#intrinsic(stack, name, value[name]);
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.resolve(stack, item)]));
  }

  /** What a resource is called here. @throws TemplateError when the stack does not hold it. */
  physicalOf(stack: string, logicalId: string): PhysicalResource {
    const key = `${stack}/${logicalId}`;
    const known = this.#physical.get(key);
    if (known !== undefined) return known;
    const resource = this.#templates.get(stack)?.resources[logicalId];
    if (resource === undefined) throw new TemplateError(`${stack} refers to ${logicalId}, which it does not hold`);
    const made = physicalResource(stack, logicalId, resource, this.#settings, (name) => this.resolve(stack, name));
    this.#physical.set(key, made);
    return made;
  }

  #intrinsic(stack: string, name: string, value: unknown): unknown {
    switch (name) {
      case 'Ref':
        return this.#reference(stack, this.#text(stack, value));
      case 'Fn::GetAtt':
        return this.#getAttribute(stack, value);
      case 'Fn::Join':
        return this.#join(stack, value);
      case 'Fn::Sub':
        return this.#substitute(stack, value);
      case 'Fn::ImportValue':
        return this.#imported(stack, value);
      case 'Fn::Split': {
        const [separator, joined] = pair(stack, name, value);
        return this.#text(stack, joined).split(this.#text(stack, separator));
      }
      case 'Fn::Select':
        return this.#select(stack, value);
      default:
        throw new TemplateError(`${stack}: ${name} is not understood by the local house`);
    }
  }

  #reference(stack: string, target: string): string {
    if (target === 'AWS::StackName') return stack;
    return PSEUDO[target] ?? this.physicalOf(stack, target).ref;
  }

  #attribute(stack: string, logicalId: string, name: string): string {
    const value = this.physicalOf(stack, logicalId).attributes[name];
    if (value === undefined) throw new TemplateError(`${stack}/${logicalId}: its attribute ${name} has no local value`);
    return value;
  }

  #getAttribute(stack: string, value: unknown): string {
    const parts: readonly unknown[] = typeof value === 'string' ? value.split('.') : Array.isArray(value) ? value : [];
    const [logicalId, ...path] = parts;
    if (typeof logicalId !== 'string' || path.length === 0) throw new TemplateError(`${stack}: malformed Fn::GetAtt`);
    return this.#attribute(stack, logicalId, path.join('.'));
  }

  #imported(stack: string, name: unknown): unknown {
    const wanted = this.resolve(stack, name);
    for (const exporter of this.#templates.values()) {
      for (const output of Object.values(exporter.outputs)) {
        if (output.Export !== undefined && this.resolve(exporter.stack, output.Export.Name) === wanted) {
          return this.resolve(exporter.stack, output.Value);
        }
      }
    }
    throw new TemplateError(`${stack} imports ${JSON.stringify(wanted)}, which no stack exports`);
  }

  #join(stack: string, value: unknown): string {
    const [separator, list] = pair(stack, 'Fn::Join', value);
    const parts = this.resolve(stack, list);
    if (!Array.isArray(parts)) throw new TemplateError(`${stack}: Fn::Join of something that is no list`);
    return parts.map((part) => this.#text(stack, part)).join(this.#text(stack, separator));
  }

  #select(stack: string, value: unknown): unknown {
    const [index, list] = pair(stack, 'Fn::Select', value);
    const items = this.resolve(stack, list);
    const chosen: unknown = Array.isArray(items) ? items[Number(this.resolve(stack, index))] : undefined;
    if (chosen === undefined) throw new TemplateError(`${stack}: Fn::Select finds nothing in ${JSON.stringify(value)}`);
    return chosen;
  }

  #substitute(stack: string, value: unknown): string {
    const [pattern, variables] = Array.isArray(value) ? pair(stack, 'Fn::Sub', value) : [value, {}];
    if (typeof pattern !== 'string' || !isRecord(variables)) throw new TemplateError(`${stack}: malformed Fn::Sub`);
    return pattern.replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal === '!') return `\${${name}}`;
      if (Object.hasOwn(variables, name)) return this.#text(stack, variables[name]);
      const [logicalId, ...path] = name.split('.');
      return path.length === 0
        ? this.#reference(stack, name)
        : this.#attribute(stack, logicalId ?? name, path.join('.'));
    });
  }

  #text(stack: string, value: unknown): string {
    const resolved = this.resolve(stack, value);
    if (typeof resolved === 'string') return resolved;
    if (typeof resolved === 'number' || typeof resolved === 'boolean') return String(resolved);
    throw new TemplateError(`${stack}: ${JSON.stringify(value)} is not text`);
  }
}
