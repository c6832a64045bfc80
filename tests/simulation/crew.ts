/** Worlds on as many processors as there are: children that are given seeds, a few at a time, and say what came of them. */
import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import * as z from 'zod';
import { addFindings, type Findings, noFindings } from './campaign.ts';
import { bundleMember } from './crew-bundle.ts';
import type { CrewOrder } from './crew-orders.ts';
import { type InvariantNumber, INVARIANTS } from './invariants.ts';

const SEEDS_A_TIME = 10;

const isInvariant = (value: number): value is InvariantNumber | 0 => value === 0 || Object.hasOwn(INVARIANTS, value);

const findings: z.ZodType<Findings> = z.object({
  worlds: z.int(),
  steps: z.int(),
  crashes: z.int(),
  faults: z.record(z.string(), z.int()),
  faultSteps: z.array(z.string()),
  statePairs: z.array(z.string()),
  caught: z.array(
    z.object({
      seed: z.int(),
      violation: z.object({
        invariant: z.number().refine(isInvariant),
        what: z.string(),
      }),
    }),
  ),
});

export interface CrewOptions {
  readonly from: number;
  readonly seeds: number;
  readonly plant?: string | null;
  /** A file of real daily bars that the worlds trade on. */
  readonly bars?: string | null;
  /** Gives out no more seeds once something was caught. */
  readonly untilCaught?: boolean;
  readonly members?: number;
  readonly onProgress?: (sum: Findings) => void;
}

/** @throws Error when a member ends before its work does */
export async function leadWithCrew(options: CrewOptions): Promise<Findings> {
  const { from, seeds, plant = null, bars = null, untilCaught = false, onProgress } = options;
  const members = Math.min(options.members ?? availableParallelism(), Math.ceil(seeds / SEEDS_A_TIME));
  const bundle = await bundleMember();
  let next = from;
  let sum = noFindings();
  const take = (): CrewOrder | null => {
    if (next >= from + seeds || (untilCaught && sum.caught.length > 0)) return null;
    const count = Math.min(SEEDS_A_TIME, from + seeds - next);
    const taken = Array.from({ length: count }, (_, index) => next + index);
    next += count;
    return { seeds: taken, plant, bars };
  };
  const work = async (): Promise<void> => {
    const member = fork(bundle.path, [], { execArgv: ['--max-semi-space-size=64'], serialization: 'json' });
    try {
      for (let asked = take(); asked !== null; asked = take()) {
        const more = findings.parse(await answerOf(member, asked));
        sum = addFindings(sum, more);
        onProgress?.(sum);
      }
    } finally {
      member.kill();
    }
  };
  try {
    await Promise.all(Array.from({ length: members }, work));
  } finally {
    bundle.remove();
  }
  return sum;
}

function answerOf(member: ChildProcess, asked: CrewOrder): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void =>
      reject(new Error(`a member of the crew ended with ${code ?? 'a signal'}`));
    member.once('exit', gone);
    member.once('message', (answer) => {
      member.off('exit', gone);
      resolve(answer);
    });
    member.send(asked);
  });
}
