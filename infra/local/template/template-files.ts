/** The synthesised templates of one environment, read from a cloud assembly's directory. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** A template, or something in it, that the local house cannot follow; it names the stack and the resource. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

const resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).optional(),
  Metadata: z.record(z.string(), z.unknown()).optional(),
  Condition: z.string().optional(),
});

const template = z.object({
  Resources: z.record(z.string(), resource),
  Outputs: z
    .record(z.string(), z.object({ Value: z.unknown(), Export: z.object({ Name: z.unknown() }).optional() }))
    .optional(),
});

export type TemplateResource = z.infer<typeof resource>;

export interface StackTemplate {
  /** Name of the stack, from the name of its file. */
  readonly stack: string;
  readonly resources: Readonly<Record<string, TemplateResource>>;
  readonly outputs: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } | undefined }>
  >;
}

const SUFFIX = '.template.json';

/**
 * Reads every template below a directory, sorted by name.
 * @throws TemplateError when there is none, or one of them is no template.
 */
export function readTemplates(directory: string): readonly StackTemplate[] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(SUFFIX))
    .sort();
  if (files.length === 0) throw new TemplateError(`${directory} holds no synthesised template (*${SUFFIX})`);
  return files.map((file) => readTemplate(join(directory, file), stackName(file)));
}

const stackName = (file: string): string => (file.split('/').at(-1) ?? file).slice(0, -SUFFIX.length);

function readTemplate(path: string, stack: string): StackTemplate {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new TemplateError(`${path} is not JSON`, { cause });
  }
  const read = template.safeParse(content);
  if (!read.success) throw new TemplateError(`${path} is not a template: ${z.prettifyError(read.error)}`);
  return { stack, resources: read.data.Resources, outputs: read.data.Outputs ?? {} };
}
