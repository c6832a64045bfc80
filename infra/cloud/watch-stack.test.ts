import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FACTS } from '#events/catalogue.ts';
import { TRIP_ALARMS } from '#infra/cloud/trip-alarms.ts';
import { TRIP_CAUSES } from '#shared/core/portfolio/safety-policy.ts';
import { ROOMS } from '#infra/cloud/rooms.ts';
import { houseUnderTest } from '#infra/cloud/templates-under-test.ts';
import { METRICS } from '#shared/runtime/metric-names.ts';

const house = houseUnderTest('live');
const alarms = house.ofType('AWS::CloudWatch::Alarm');
const names = alarms.map(({ props }) => props.at('AlarmName').text);
const runbookOf = (text: string): string => /docs\/runbooks\/[a-z-]+\.md/.exec(text)?.[0] ?? 'no runbook';

describe('alarms', () => {
  it.each([
    'breaker-tripped',
    'kill-switch-engaged',
    'orders-dead-letters',
    'urgent-dead-letters',
    'commands-buried',
    'orders-oldest-message',
    'urgent-oldest-message',
    'unknown-orders',
    'failed-slots',
    'failed-schedules',
    'stale-reconciliation',
    'silent-loop',
    'unpublished-facts',
    'publishing-late',
    'untold-facts',
    'api-errors',
  ])('call for %s', (name) => {
    expect(names).toContain(`belay-live-${name}`);
  });

  it.each(ROOMS)('call for errors and throttles of $id', ({ room, entry }) => {
    const name = entry === 'handler' ? room : `${room}-dead-letter`;
    expect(names).toContain(`belay-live-${name}-errors`);
    expect(names).toContain(`belay-live-${name}-throttles`);
  });

  it('each name a runbook that exists, tell people both ways, and stay quiet without data', () => {
    expect(alarms.length).toBeGreaterThan(30);
    const runbooks = alarms.map(({ props }) => runbookOf(props.at('AlarmDescription').text));
    expect(runbooks.filter((runbook) => !existsSync(runbook))).toEqual([]);
    for (const { props } of alarms) {
      expect(props.at('AlarmActions', 0, 'Ref').text).toMatch(/^Alarms/);
      expect(props.at('OKActions', 0, 'Ref').text).toMatch(/^Alarms/);
      expect(props.at('TreatMissingData').text).toBe('notBreaching');
    }
    expect(new Set(names).size).toBe(names.length);
  });

  it('tell each cause of a trip apart: those of the monitor, and a breaker that is not readable', () => {
    const causes = [...TRIP_CAUSES, 'unreadable'];
    expect(Object.keys(TRIP_ALARMS).sort()).toEqual([...causes].sort());
    for (const cause of causes) {
      const alarm = alarms.find(({ props }) => props.at('AlarmName').text === `belay-live-tripped-by-${cause}`);
      const dimensions = alarm?.props.json ?? '';
      expect(dimensions).toContain(`{"Name":"reason","Value":"${cause}"}`);
      expect(dimensions).toContain('{"Name":"service","Value":"protect"}');
      expect(alarm?.props.at('AlarmDescription').text).toContain(`docs/runbooks/tripped-by-${cause}.md`);
    }
  });

  it('and their runbooks are each in the list of runbooks, and none is left over', () => {
    const listed = readFileSync('docs/runbooks/README.md', 'utf8');
    const pages = alarms.map(({ props }) => runbookOf(props.at('AlarmDescription').text).replace('docs/runbooks/', ''));
    const there = readdirSync('docs/runbooks').filter((page) => page !== 'README.md');
    expect(there.filter((page) => !listed.includes(`(${page})`))).toEqual([]);
    expect(there.filter((page) => page !== 'critical-facts.md' && !pages.includes(page))).toEqual([]);
  });

  it('watch every queue of the house', () => {
    const watched = alarms.map(({ props }) => props.json).join('\n');
    const queues = house.ofType('AWS::SQS::Queue');
    expect(queues).toHaveLength(7);
    expect(queues.filter(({ logicalId }) => !watched.includes(logicalId))).toEqual([]);
  });

  it('read metrics under names that the functions write', () => {
    const known = new Set<string>(METRICS.map(({ name }) => name));
    const read = alarms.flatMap(({ props }) => [
      props,
      ...props.at('Metrics').list.map((metric) => metric.at('MetricStat', 'Metric')),
    ]);
    const own = read.filter((metric) => metric.at('Namespace').text === 'Belay');
    expect(own.length).toBeGreaterThan(8);
    for (const metric of own) {
      expect(known).toContain(metric.at('MetricName').text);
      const dimensions = new Map(
        metric.at('Dimensions').list.map((dimension) => [dimension.at('Name').text, dimension.at('Value').text]),
      );
      expect([...dimensions.keys()].filter((name) => name !== 'reason').sort()).toEqual(['environment', 'service']);
      expect(dimensions.get('environment')).toBe('live');
      const writers: readonly string[] = METRICS.find(({ name }) => name === metric.at('MetricName').text)?.rooms ?? [];
      expect(writers).toContain(dimensions.get('service'));
    }
  });
});

describe('critical facts', () => {
  const [rule] = house.ofType('AWS::Events::Rule').filter(({ stack }) => stack === 'watch');

  it('are told to people, all of them and no others', () => {
    const critical = FACTS.filter(({ priority }) => priority === 'CRITICAL').map(({ type }) => type);
    expect(rule?.props.at('EventPattern', 'detail-type').value).toEqual(critical);
    expect(critical).toContain('breaker.tripped.v1');
    const target = rule?.props.at('Targets', 0);
    expect(target?.at('Arn', 'Ref').text).toMatch(/^Alarms/);
    expect(existsSync(runbookOf(target?.at('InputTransformer', 'InputTemplate').text ?? ''))).toBe(true);
  });

  it('and alarms may be published, by the two services and over TLS only', () => {
    const [policy] = house.ofType('AWS::SNS::TopicPolicy');
    const statements = policy?.props.at('PolicyDocument', 'Statement').list ?? [];
    const allowed = statements.filter((statement) => statement.at('Effect').text === 'Allow');
    expect(allowed.map((statement) => statement.at('Principal', 'Service').text).sort()).toEqual([
      'cloudwatch.amazonaws.com',
      'events.amazonaws.com',
    ]);
    const denied = statements.filter((statement) => statement.at('Effect').text === 'Deny');
    expect(denied.map((statement) => statement.at('Condition').json)).toEqual([
      '{"Bool":{"aws:SecureTransport":"false"}}',
    ]);
  });

  it('reach the addresses that the operator gives', () => {
    const told = houseUnderTest('live', { alarmEmails: 'a@example.com, b@example.com' });
    const endpoints = told.ofType('AWS::SNS::Subscription').map(({ props }) => props.at('Endpoint').text);
    expect(endpoints).toEqual(['a@example.com', 'b@example.com']);
    expect(house.ofType('AWS::SNS::Subscription')).toEqual([]);
  });
});

describe('the dashboard', () => {
  const [dashboard] = house.ofType('AWS::CloudWatch::Dashboard');
  const body = dashboard?.props.at('DashboardBody').json ?? '';

  it('draws every metric of the house', () => {
    expect(METRICS.filter(({ name }) => !body.includes(`\\"${name}\\"`)).map(({ name }) => name)).toEqual([]);
  });

  it('draws latencies as percentiles', () => {
    for (const percentile of ['p50', 'p95', 'p99']) expect(body).toContain(percentile);
  });
});

describe('runbooks', () => {
  it('say what it means and what to do', () => {
    const pages = new Set(alarms.map(({ props }) => runbookOf(props.at('AlarmDescription').text)));
    pages.add('docs/runbooks/critical-facts.md');
    expect(pages.size).toBeGreaterThan(10);
    for (const page of pages) {
      const text = readFileSync(page, 'utf8');
      expect(text).toMatch(/^# .+\n\n## What it means\n\n.+\n\n## What to do\n\n/s);
    }
  });
});
