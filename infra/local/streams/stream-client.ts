/** The change stream of a table in the DynamoDB emulator, which keeps it in one shard. */
import * as z from 'zod';
import { AwsJsonClient } from '#infra/local/endpoint/aws-json-client.ts';
import { TemplateError } from '#infra/local/template/template-files.ts';

const record = z.looseObject({
  eventID: z.string(),
  eventName: z.string(),
  dynamodb: z.looseObject({ SequenceNumber: z.string() }),
});
export type StreamRecord = z.output<typeof record>;

const streams = z.object({ Streams: z.array(z.object({ StreamArn: z.string() })) });
const description = z.object({ StreamDescription: z.object({ Shards: z.array(z.object({ ShardId: z.string() })) }) });
const iterator = z.object({ ShardIterator: z.string() });
const page = z.object({ Records: z.array(record), NextShardIterator: z.string() });

export const sequenceOf = (change: StreamRecord): string => change.dynamodb.SequenceNumber;

export class StreamClient {
  readonly #client: AwsJsonClient;
  readonly #arn: string;
  readonly #shardId: string;
  #iterator: string;

  private constructor(client: AwsJsonClient, arn: string, shardId: string, start: string) {
    this.#client = client;
    this.#arn = arn;
    this.#shardId = shardId;
    this.#iterator = start;
  }

  /** @param after reads on after this sequence number; null: from the oldest record that there is. */
  static async open(endpoint: string, tableName: string, after: string | null): Promise<StreamClient> {
    const client = new AwsJsonClient(endpoint, 'DynamoDBStreams_20120810');
    const arn = (await client.call('ListStreams', { TableName: tableName }, streams)).Streams[0]?.StreamArn;
    if (arn === undefined)
      throw new TemplateError(`the table ${tableName} has no stream that a function could be fed by`);
    const shards = (await client.call('DescribeStream', { StreamArn: arn }, description)).StreamDescription.Shards;
    const [shard, second] = shards;
    if (shard === undefined || second !== undefined) throw new Error(`the stream of ${tableName} is not in one shard`);
    const opened = new StreamClient(client, arn, shard.ShardId, '');
    opened.#iterator = await opened.#iteratorAfter(after);
    return opened;
  }

  /** The next records, oldest first; none when the stream is read to its end. */
  async read(count: number): Promise<readonly StreamRecord[]> {
    const read = await this.#client.call('GetRecords', { ShardIterator: this.#iterator, Limit: count }, page);
    this.#iterator = read.NextShardIterator;
    return read.Records;
  }

  async #iteratorAfter(after: string | null): Promise<string> {
    const position =
      after === null
        ? { ShardIteratorType: 'TRIM_HORIZON' }
        : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after };
    const input = { StreamArn: this.#arn, ShardId: this.#shardId, ...position };
    return (await this.#client.call('GetShardIterator', input, iterator)).ShardIterator;
  }
}
