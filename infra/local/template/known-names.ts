/** Functions and queues by their ARN, so that nothing is wired to one that the templates do not hold. */
import { TemplateError } from './template-files.ts';

export class KnownNames {
  readonly #functions: ReadonlySet<string>;
  readonly #queues: ReadonlySet<string>;

  constructor(functions: Iterable<string>, queues: Iterable<string>) {
    this.#functions = new Set(functions);
    this.#queues = new Set(queues);
  }

  /** The function of an ARN or name, or null. */
  functionIn(arn: string): string | null {
    const name = lastPart(arn);
    return this.#functions.has(name) && (arn === name || arn.includes(':lambda:')) ? name : null;
  }

  /** The queue of an ARN, or null. */
  queueIn(arn: string): string | null {
    const name = lastPart(arn);
    return this.#queues.has(name) && arn.includes(':sqs:') ? name : null;
  }

  /** @throws TemplateError when the ARN is none of a function in the templates. */
  expectFunction(arn: string, where: string): string {
    const name = this.functionIn(arn);
    if (name === null) throw new TemplateError(`${where}: ${arn} is no function of these templates`);
    return name;
  }

  /** @throws TemplateError when the ARN is none of a queue in the templates. */
  expectQueue(arn: string, where: string): string {
    const name = this.queueIn(arn);
    if (name === null) throw new TemplateError(`${where}: ${arn} is no queue of these templates`);
    return name;
  }
}

/** The name at the end of an ARN. */
export const lastPart = (arn: string): string => arn.split(':').at(-1) ?? arn;
