/** The resources of an environment's templates, read by kind, in the order of stacks and logical ids. */
import * as z from 'zod';
import type { TemplateResolver } from './intrinsics.ts';
import { HARMLESS_TYPES, type Reading, READINGS } from './resource-readings.ts';
import { type StackTemplate, TemplateError, type TemplateResource } from './template-files.ts';

export interface ReadResource<P> {
  /** Stack and logical id, for messages. */
  readonly where: string;
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly properties: P;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** @throws TemplateError when a resource is of a type that is neither read nor known to change nothing here. */
export function refuseUnknownTypes(templates: readonly StackTemplate[]): void {
  const read = new Set<string>(Object.values(READINGS).flatMap(({ types }) => types));
  for (const { stack, resources } of templates) {
    for (const [logicalId, { Type }] of Object.entries(resources)) {
      if (read.has(Type) || HARMLESS_TYPES.some((harmless) => harmless.test(Type))) continue;
      throw new TemplateError(`${stack}/${logicalId}: the local house does not understand a resource of type ${Type}`);
    }
  }
}

/** @throws TemplateError for a property that is not understood, or whose value is not. */
export function readResources<S extends z.ZodType>(
  templates: readonly StackTemplate[],
  resolver: TemplateResolver,
  reading: Reading<S>,
): readonly ReadResource<z.output<S>>[] {
  return templates.flatMap(({ stack, resources }) =>
    Object.entries(resources)
      .filter(([, resource]) => reading.types.includes(resource.Type))
      .map(([logicalId, resource]) => {
        const properties = readProperties(resolver, reading, stack, logicalId, resource);
        const { ref, attributes } = resolver.physicalOf(stack, logicalId);
        return { where: `${stack}/${logicalId}`, ref, attributes, properties, metadata: resource.Metadata ?? {} };
      }),
  );
}

function readProperties<S extends z.ZodType>(
  resolver: TemplateResolver,
  reading: Reading<S>,
  stack: string,
  logicalId: string,
  resource: TemplateResource,
): z.output<S> {
  const where = `${stack}/${logicalId}`;
  if (resource.Condition !== undefined) {
    throw new TemplateError(`${where}: the local house does not understand the condition ${resource.Condition}`);
  }
  const effective = Object.entries(resource.Properties ?? {}).filter(([name]) => !reading.harmless.includes(name));
  const read = reading.schema.safeParse(resolver.resolve(stack, Object.fromEntries(effective)));
  if (!read.success) {
    throw new TemplateError(`${where} (${resource.Type}) is not understood: ${z.prettifyError(read.error)}`);
  }
  return read.data;
}
