import { describe, expect, it } from 'vitest';
import { FACTS } from '#events/catalogue.ts';
import { cronExpressions } from '#infra/cloud/equity-day.ts';
import { COMMAND_TIMEOUT_S, LANE_NAMES, LANE_VISIBILITY_S, ROOMS } from '#infra/cloud/rooms.ts';
import { type FoundResource, type HouseUnderTest, houseUnderTest } from '#infra/cloud/templates-under-test.ts';
import { ENVIRONMENT_NAMES, type EnvironmentName } from '#infra/environments.ts';

const houses: Readonly<Record<EnvironmentName, HouseUnderTest>> = {
  dev: houseUnderTest('dev'),
  paper: houseUnderTest('paper'),
  live: houseUnderTest('live'),
};
const house = houses.paper;
const functions = house.ofType('AWS::Lambda::Function');
const variablesOf = ({ props }: FoundResource) => props.at('Environment', 'Variables');

describe('rooms', () => {
  it('are one Lambda a row, on Node 24 and arm64, with no concurrency set aside', () => {
    expect(functions.map(({ logicalId }) => logicalId.split('Function')[0] ?? '').sort()).toEqual(
      ROOMS.map(({ id }) => id).sort(),
    );
    for (const { props } of functions) {
      expect(props.at('Runtime').text).toBe('nodejs24.x');
      expect(props.at('Architectures').value).toEqual(['arm64']);
      expect(props.at('ReservedConcurrentExecutions').value).toBeUndefined();
    }
  });

  it('say which handler is theirs', () => {
    const marks = functions.map(
      ({ body }) => `${body.at('Metadata', 'belay:room').text}.${body.at('Metadata', 'belay:export').text}`,
    );
    expect(marks.sort()).toEqual(ROOMS.map(({ room, entry }) => `${room}.${entry}`).sort());
    for (const { props, body } of functions) {
      expect(props.at('Handler').text).toBe(`handler.${body.at('Metadata', 'belay:export').text}`);
    }
  });

  it('are named once', () => {
    const ids = ROOMS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(ENVIRONMENT_NAMES)('stop short of the broker in %s unless it is said otherwise', (name) => {
    const told = houses[name].ofType('AWS::Lambda::Function').map((found) => variablesOf(found).at('DRY_RUN').text);
    expect(new Set(told)).toEqual(new Set(['true']));
  });

  it('reach the broker where the operator says so', () => {
    const wet = houseUnderTest('paper', { dryRun: 'false' }).ofType('AWS::Lambda::Function');
    expect(new Set(wet.map((found) => variablesOf(found).at('DRY_RUN').text))).toEqual(new Set(['false']));
  });

  it.each([
    ['dev', 'true', 'https://paper-api.alpaca.markets', 'dev-1'],
    ['paper', 'true', 'https://paper-api.alpaca.markets', 'paper-1'],
    ['live', 'false', 'https://api.alpaca.markets', 'live-1'],
  ] as const)('know the broker of %s', (name, paper, host, account) => {
    const [execute] = houses[name]
      .ofType('AWS::Lambda::Function')
      .filter(({ logicalId }) => logicalId.startsWith('ExecuteFunction'));
    const told = execute === undefined ? undefined : variablesOf(execute);
    expect(told?.at('ALPACA_PAPER').text).toBe(paper);
    expect(told?.at('ALPACA_BASE_URL').text).toBe(host);
    expect(told?.at('ALPACA_STREAM_URL').text).toBe(`${host.replace('https', 'wss')}/stream`);
    expect(told?.at('BELAY_ACCOUNT').text).toBe(account);
    expect(told?.at('ENVIRONMENT').text).toBe(name);
  });
});

describe('lanes', () => {
  const queues = house.ofType('AWS::SQS::Queue');
  const marked = (lane: string): FoundResource | undefined =>
    queues.find(({ body }) => body.at('Metadata', 'belay:lane').text === lane);
  const mappings = house.ofType('AWS::Lambda::EventSourceMapping');

  it.each(LANE_NAMES)('lane %s is FIFO, without deduplication by content, and has dead letters', (name) => {
    const lane = marked(name);
    const dead = marked(`${name}-dead-letters`);
    for (const queue of [lane, dead]) {
      expect(queue?.props.at('FifoQueue').value).toBe(true);
      expect(queue?.props.at('ContentBasedDeduplication').value).toBe(false);
      expect(queue?.props.at('VisibilityTimeout').number).toBe(180);
      expect(queue?.props.at('SqsManagedSseEnabled').value).toBe(true);
    }
    const redrive = lane?.props.at('RedrivePolicy');
    expect(redrive?.at('deadLetterTargetArn', 'Fn::GetAtt', 0).text).toBe(dead?.logicalId);
    expect(redrive?.at('maxReceiveCount').number).toBe(3);
  });

  it.each([
    ['orders', 'ExecuteFunction'],
    ['urgent', 'ExecuteFunction'],
    ['orders-dead-letters', 'ExecuteDeadLetterFunction'],
    ['urgent-dead-letters', 'ExecuteDeadLetterFunction'],
  ])('hands %s one by one to %s', (lane, taker) => {
    const source = marked(lane)?.logicalId;
    const [mapping, second] = mappings.filter(
      ({ props }) => props.at('EventSourceArn', 'Fn::GetAtt', 0).text === source,
    );
    expect(second).toBeUndefined();
    expect(mapping?.props.at('FunctionName', 'Ref').text).toMatch(new RegExp(`^${taker}[0-9A-F]{8}$`));
    expect(mapping?.props.at('BatchSize').number).toBe(1);
    expect(mapping?.props.at('ScalingConfig').value).toEqual({ MaximumConcurrency: 2 });
    expect(mapping?.props.at('FunctionResponseTypes').value).toEqual(['ReportBatchItemFailures']);
  });

  it('orders its timeouts: broker 10 s < function < lease 45 s < visibility', () => {
    const takers = functions.filter(({ body }) => body.at('Metadata', 'belay:room').text === 'execute');
    expect(takers.map(({ props }) => props.at('Timeout').number)).toEqual([COMMAND_TIMEOUT_S, COMMAND_TIMEOUT_S]);
    expect([10, COMMAND_TIMEOUT_S, 45, LANE_VISIBILITY_S]).toEqual([10, 30, 45, 180]);
  });
});

describe('schedules', () => {
  const schedules = house.ofType('AWS::Scheduler::Schedule');
  const invokeConfigs = house.ofType('AWS::Lambda::EventInvokeConfig');

  it('are there for every row, in New York time, without retries and with a last resort', () => {
    expect(schedules).toHaveLength(ROOMS.flatMap((row) => row.schedules.flatMap(cronExpressions)).length);
    for (const { props, body } of schedules) {
      expect(props.at('ScheduleExpressionTimezone').text).toBe('America/New_York');
      expect(props.at('FlexibleTimeWindow').value).toEqual({ Mode: 'OFF' });
      expect(props.at('Target', 'RetryPolicy').value).toEqual({
        MaximumRetryAttempts: 0,
        MaximumEventAgeInSeconds: 60,
      });
      expect(props.at('Target', 'DeadLetterConfig', 'Arn', 'Fn::GetAtt', 0).text).toMatch(/^FailedSlots/);
      const kind = body.at('Metadata', 'belay:kind').text;
      expect(props.at('Target', 'Input').text).toBe(`{"slot":"<aws.scheduler.scheduled-time>","kind":"${kind}"}`);
    }
    const kinds = schedules.map(
      ({ body }) => `${body.at('Metadata', 'belay:room').text} ${body.at('Metadata', 'belay:kind').text}`,
    );
    const rows = ROOMS.flatMap((row) => row.schedules.map(({ kind }) => `${row.room} ${kind}`));
    expect(new Set(kinds)).toEqual(new Set(rows));
  });

  it('may invoke scheduled functions and nothing else', () => {
    const [policy] = house.ofType('AWS::IAM::Policy').filter(({ logicalId }) => logicalId.startsWith('SchedulesRole'));
    const allowed = (policy?.props.at('PolicyDocument', 'Statement').list ?? [])
      .filter((statement) => statement.at('Action').text === 'lambda:InvokeFunction')
      .flatMap((statement) => statement.at('Resource').list.map((resource) => resource.at('Fn::GetAtt', 0).text));
    const targets = schedules.map(({ props }) => props.at('Target', 'Arn', 'Fn::GetAtt', 0).text);
    expect(new Set(allowed)).toEqual(new Set(targets));
  });

  it('are not tried again by Lambda either, and failures are kept', () => {
    const targets = new Set([
      ...schedules.map(({ props }) => props.at('Target', 'Arn', 'Fn::GetAtt', 0).text),
      ...house
        .ofType('AWS::Events::Rule')
        .flatMap(({ props }) => props.at('Targets').list.map((target) => target.at('Arn', 'Fn::GetAtt', 0).text)),
    ]);
    targets.delete('');
    expect(new Set(invokeConfigs.map(({ props }) => props.at('FunctionName', 'Ref').text))).toEqual(targets);
    for (const { props } of invokeConfigs) {
      expect(props.at('MaximumRetryAttempts').number).toBe(0);
      expect(props.at('MaximumEventAgeInSeconds').number).toBe(60);
      expect(props.at('DestinationConfig', 'OnFailure', 'Destination', 'Fn::GetAtt', 0).text).toMatch(/^FailedSlots/);
    }
  });
});

describe('the bus', () => {
  const rules = house.ofType('AWS::Events::Rule');
  const typesOf = (rule: FoundResource): readonly string[] =>
    rule.props.at('EventPattern', 'detail-type').list.map((type) => type.text);

  it('keeps what was said in an archive', () => {
    const [archive] = house.ofType('AWS::Events::Archive');
    expect(archive?.props.at('EventPattern').value).toEqual({ source: [{ prefix: 'belay.' }] });
    expect(archive?.props.at('RetentionDays').number).toBe(90);
  });

  it('listens for facts of the catalogue only', () => {
    const known = new Set<string>(FACTS.map(({ type }) => type));
    const heard = rules.flatMap(typesOf);
    expect(heard.length).toBeGreaterThan(3);
    expect(heard.filter((type) => !known.has(type))).toEqual([]);
    for (const rule of rules) expect(rule.props.at('EventPattern', 'source').value).toEqual([{ prefix: 'belay.' }]);
  });

  it.each([
    ['price.updated.v1', /^ProtectFunction/, 'price-updated'],
    ['order.unknown.v1', /^ReconcileFunction/, 'asked'],
    ['order.rejected.v1', /^ReconcileFunction/, 'asked'],
  ])('wakes a guard on %s with an input like that of a schedule', (type, guard, kind) => {
    const targets = rules
      .filter((rule) => typesOf(rule).includes(type))
      .flatMap(({ props }) => props.at('Targets').list)
      .filter((target) => guard.test(target.at('Arn', 'Fn::GetAtt', 0).text));
    expect(targets).toHaveLength(1);
    const transformer = targets[0]?.at('InputTransformer');
    expect(transformer?.at('InputTemplate').text).toBe(
      `{"slot":<time>,"kind":"${kind}","type":<detail-type>,"detail":<detail>}`,
    );
    expect(transformer?.at('InputPathsMap').value).toEqual({
      time: '$.time',
      'detail-type': '$.detail-type',
      detail: '$.detail',
    });
    expect(targets[0]?.at('RetryPolicy', 'MaximumRetryAttempts').number).toBe(0);
  });

  it('is told what the journal says, oldest first, one bad fact standing alone', () => {
    const [mapping] = house
      .ofType('AWS::Lambda::EventSourceMapping')
      .filter(({ props }) => props.at('StartingPosition').text !== '');
    expect(mapping?.props.at('EventSourceArn').json).toContain('TableJournal');
    expect(mapping?.props.at('FunctionName', 'Ref').text).toMatch(/^PublishFunction/);
    expect(mapping?.props.at('StartingPosition').text).toBe('TRIM_HORIZON');
    expect(mapping?.props.at('BisectBatchOnFunctionError').value).toBe(true);
    expect(mapping?.props.at('FunctionResponseTypes').value).toEqual(['ReportBatchItemFailures']);
    expect(mapping?.props.at('MaximumRecordAgeInSeconds').number).toBe(900);
    expect(mapping?.props.at('DestinationConfig', 'OnFailure', 'Destination', 'Fn::GetAtt', 0).text).toMatch(
      /^Unpublished/,
    );
  });
});
