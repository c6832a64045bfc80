import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { functionResource, laneResource, queueResource, scheduleResource } from '#infra/local/run/house-under-test.ts';
import { cachedAssembly } from './cached-assembly.ts';
import type { HousePlan } from './house-plan.ts';
import { readHousePlan } from './read-house-plan.ts';

const SETTINGS = { queueEndpoint: 'http://127.0.0.1:9324', apiEndpoint: 'http://127.0.0.1:8080' };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'belay-template-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

type Resources = Readonly<Record<string, unknown>>;

function read(
  stacks: Readonly<Record<string, { readonly Resources: Resources; readonly Outputs?: Resources }>>,
): HousePlan {
  for (const [stack, template] of Object.entries(stacks)) {
    writeFileSync(join(directory, `${stack}.template.json`), JSON.stringify(template));
  }
  return readHousePlan(directory, SETTINGS);
}

const readFlow = (Resources: Resources): HousePlan => read({ flow: { Resources } });

describe('reading templates', () => {
  it('resolves references, attributes, joins and imports across stacks', () => {
    const plan = read({
      state: {
        Resources: { Lane: queueResource('lane'), Unnamed: { Type: 'AWS::SQS::Queue', Properties: {} } },
        Outputs: { Lane: { Value: { Ref: 'Lane' }, Export: { Name: 'state:lane' } } },
      },
      flow: {
        Resources: {
          Send: functionResource('send', {
            environment: {
              IMPORTED: { 'Fn::ImportValue': 'state:lane' },
              JOINED: { 'Fn::Join': ['/', ['a', { Ref: 'AWS::Region' }, { Ref: 'Bus' }]] },
              FILLED: { 'Fn::Sub': 'arn:${AWS::Partition}:${Bus}:${!Literal}' },
              CHOSEN: { 'Fn::Select': [1, { 'Fn::Split': ['-', 'x-y-z'] }] },
            },
          }),
          Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'facts' } },
        },
      },
    });
    expect(plan.functions[0]?.environment).toEqual({
      IMPORTED: 'http://127.0.0.1:9324/000000000000/lane',
      JOINED: 'a/us-east-1/facts',
      FILLED: 'arn:aws:facts:${Literal}',
      CHOSEN: 'y',
    });
    expect(plan.queues.map(({ name }) => name)).toEqual(['lane', 'state-Unnamed']);
  });

  it('reads schedules, leaving disabled ones out', () => {
    const schedule = scheduleResource('Decide', 'decide', 'cron(35 9 ? * MON-FRI *)');
    const disabled = scheduleResource('Decide', 'late', 'rate(1 day)', 'DISABLED');
    const plan = readFlow({ Decide: functionResource('decide'), Morning: schedule, Late: disabled });
    expect(plan.schedules).toEqual([
      {
        name: 'flow-Morning',
        expression: 'cron(35 9 ? * MON-FRI *)',
        timeZone: 'America/New_York',
        functionName: 'decide',
        input: '{"slot":"<aws.scheduler.scheduled-time>","kind":"decide"}',
      },
    ]);
  });

  it.each<readonly [string, Resources, string]>([
    [
      'a type that it does not know',
      { Machine: { Type: 'AWS::StepFunctions::StateMachine', Properties: {} } },
      'flow/Machine: the local house does not understand a resource of type AWS::StepFunctions::StateMachine',
    ],
    [
      'a property that it does not know',
      { Lane: { Type: 'AWS::SQS::Queue', Properties: { DelaySeconds: 5 } } },
      'flow/Lane (AWS::SQS::Queue) is not understood',
    ],
    [
      'a function without a room',
      { Bare: { Type: 'AWS::Lambda::Function', Properties: {} } },
      'flow/Bare: its metadata belay:room does not name a folder',
    ],
    [
      'a lane that leads to a queue that is not there',
      { Execute: functionResource('execute'), Map: laneResource('Execute', 'Gone') },
      'flow refers to Gone, which it does not hold',
    ],
    [
      'a schedule of something that is no function',
      { Lane: queueResource('lane'), Wake: scheduleResource('Lane', 'x', 'rate(1 day)') },
      'flow/Wake: arn:aws:sqs:us-east-1:000000000000:lane is no function of these templates',
    ],
    [
      'an intrinsic that it does not know',
      { Send: functionResource('send', { environment: { A: { 'Fn::If': ['x', 'y', 'z'] } } }) },
      'flow: Fn::If is not understood',
    ],
    [
      'an attribute without a local value',
      {
        Lane: queueResource('lane'),
        Send: functionResource('send', { environment: { A: { 'Fn::GetAtt': ['Lane', 'Depth'] } } }),
      },
      'flow/Lane: its attribute Depth has no local value',
    ],
    [
      'a conditional resource',
      { Send: { Type: 'AWS::SQS::Queue', Properties: {}, Condition: 'IsLive' } },
      'flow/Send: the local house does not understand the condition IsLive',
    ],
  ])('refuses %s', (_, resources, message) => {
    expect(() => readFlow(resources)).toThrow(message);
  });

  it('refuses a directory without templates', () => {
    expect(() => readHousePlan(directory, SETTINGS)).toThrow('holds no synthesised template');
  });
});

describe("the project's own templates", () => {
  it('are synthesised once, and understood to the last resource', async () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const assembly = await cachedAssembly(root);
    expect(await cachedAssembly(root)).toBe(assembly);
    const plan = readHousePlan(assembly, SETTINGS);
    expect(plan.tables.map(({ streamView }) => streamView).filter((view) => view !== null)).toHaveLength(1);
    expect(plan.lanes.map(({ batchSize, reportsItemFailures }) => [batchSize, reportsItemFailures])).toEqual([
      [1, true],
      [1, true],
      [1, true],
      [1, true],
    ]);
    const open = plan.api.routes.filter(({ authorizer }) => authorizer === null).map(({ key }) => key);
    expect(open).toContain('POST /api/v1/webhooks/orders');
    const rooms = new Set(plan.functions.map(({ room }) => room));
    for (const room of ['ingest', 'signal', 'orchestrate', 'execute', 'webhook', 'listen', 'publish', 'reconcile']) {
      expect(rooms).toContain(room);
    }
  });
});
