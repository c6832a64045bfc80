/** What the template says about its own resources, so that the local house need not guess from logical ids. */
import { CfnResource } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

export type Mark = 'room' | 'export' | 'kind' | 'lane' | 'table' | 'secret';

/** Writes `belay:<mark>` into the metadata of the resource that the construct makes. */
export function mark(construct: IConstruct, marks: Readonly<Partial<Record<Mark, string>>>): void {
  const resource = construct.node.defaultChild ?? construct;
  if (!CfnResource.isCfnResource(resource)) throw new TypeError(`${construct.node.path} makes no resource of its own`);
  for (const [name, value] of Object.entries(marks)) resource.addMetadata(`belay:${name}`, value);
}
