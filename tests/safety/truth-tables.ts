/**
 * The tables under the truth table: in memory as a rule, and over DynamoDB's emulator where BELAY_TRUTH_TABLES=emulator
 * says so, a set of tables for each world. Both passed the same contract suites.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTables, startDynamoDb } from '#infra/local/emulators/dynamodb.ts';
import { openDynamoTables } from '#shared/adapters/dynamodb/tables.ts';
import { ManualClock } from '#shared/adapters/memory/clock.ts';
import { MemoryTables } from '#shared/adapters/memory/tables.ts';
import { systemPacing } from '#shared/adapters/system/pacing.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import type { Tables } from '#shared/ports/tables.ts';

export interface TruthTables {
  readonly kind: 'memory' | 'emulator';
  open(world: string): Promise<Tables>;
  stop(): Promise<void>;
}

const IN_MEMORY: TruthTables = {
  kind: 'memory',
  open: () => Promise.resolve(new MemoryTables({ clock: new ManualClock(epochMs(0)) })),
  stop: () => Promise.resolve(),
};

async function overEmulator(): Promise<TruthTables> {
  const emulator = await startDynamoDb();
  const client = {
    endpoint: emulator.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  return {
    kind: 'emulator',
    async open(world) {
      const physicalNames = {
        safety: `${world}-safety`,
        orders: `${world}-orders`,
        books: `${world}-books`,
        market: `${world}-market`,
        journal: `${world}-journal`,
      };
      await createTables(new DynamoDBClient(client), physicalNames);
      return openDynamoTables({ physicalNames, pacing: systemPacing, client });
    },
    stop: () => emulator.stop(),
  };
}

export const truthTables = (environment: NodeJS.ProcessEnv): Promise<TruthTables> =>
  environment['BELAY_TRUTH_TABLES'] === 'emulator' ? overEmulator() : Promise.resolve(IN_MEMORY);
