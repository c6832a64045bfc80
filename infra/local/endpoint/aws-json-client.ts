/**
 * Calls of the house itself to the emulators, in the services' own JSON protocol. The house reads table streams in the
 * form that they have on the wire, because that is also the form of the function's event.
 */
import * as z from 'zod';
import { LOCAL_REGION } from '#infra/local/template/physical-names.ts';

/** An emulator refused a call of the house. */
export class EmulatorCallError extends Error {
  override readonly name = 'EmulatorCallError';
  /** Name of the exception without its namespace, such as "ResourceInUseException". */
  readonly exception: string;
  constructor(exception: string, message: string) {
    super(message);
    this.exception = exception;
  }
}

export type AwsService = 'AmazonSQS' | 'DynamoDB_20120810' | 'DynamoDBStreams_20120810';

/** The SQS emulator takes the region of its ARNs from here. */
const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=house/20200101/${LOCAL_REGION}/house/aws4_request, SignedHeaders=host, Signature=0`;

const problem = z.object({
  __type: z.string().default('unknown'),
  message: z.string().optional(),
  Message: z.string().optional(),
});

const nameOf = (type: string): string => type.split('#').at(-1) ?? type;

export class AwsJsonClient {
  readonly #endpoint: string;
  readonly #service: AwsService;

  constructor(endpoint: string, service: AwsService) {
    this.#endpoint = endpoint;
    this.#service = service;
  }

  /** @throws EmulatorCallError when the emulator refuses; TypeError when it is gone. */
  async call<S extends z.ZodType>(action: string, input: unknown, answer: S): Promise<z.output<S>> {
    const response = await fetch(this.#endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `${this.#service}.${action}`,
        // The emulators ask for a signature's form and check none.
        'x-amz-date': '20200101T000000Z',
        authorization: AUTHORIZATION,
      },
      body: JSON.stringify(input),
    });
    const text = await response.text();
    const body: unknown = text === '' ? {} : JSON.parse(text);
    if (!response.ok) {
      const told = problem.parse(body);
      const exception = nameOf(told.__type);
      throw new EmulatorCallError(exception, `${action}: ${exception}: ${told.message ?? told.Message ?? text}`);
    }
    return answer.parse(body);
  }
}
