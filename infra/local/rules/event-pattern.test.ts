import { describe, expect, it } from 'vitest';
import type { EventPattern } from '#infra/local/template/house-plan.ts';
import { matchesPattern, refuseUnknownPattern } from './event-pattern.ts';
import { inputText } from './target-input.ts';

const EVENT = {
  source: 'belay.execute',
  'detail-type': 'order.filled.v1',
  time: '2018-02-07T14:35:00Z',
  detail: { meta: { priority: 'HIGH' }, data: { symbol: 'AAPL', quantity: 12, venue: null, tags: ['a', 'b'] } },
};

const detail = (data: EventPattern): EventPattern => ({ detail: { data } });

describe('event patterns', () => {
  it.each<readonly [string, EventPattern]>([
    ['an exact value', { 'detail-type': ['order.filled.v1'] }],
    ['one of several values', { 'detail-type': ['order.canceled.v1', 'order.filled.v1'] }],
    ['a prefix', { source: [{ prefix: 'belay.' }] }],
    ['a suffix', { 'detail-type': [{ suffix: '.v1' }] }],
    ['anything but a value', detail({ symbol: [{ 'anything-but': 'MSFT' }] })],
    ['anything but several values', detail({ symbol: [{ 'anything-but': ['MSFT', 'XOM'] }] })],
    ['anything but a prefix', detail({ symbol: [{ 'anything-but': { prefix: 'MS' } }] })],
    ['a text whatever its case', detail({ symbol: [{ 'equals-ignore-case': 'aapl' }] })],
    ['a wildcard', { 'detail-type': [{ wildcard: 'order.*.v1' }] }],
    ['a number within bounds', detail({ quantity: [{ numeric: ['>', 0, '<=', 12] }] })],
    ['a field that is there', detail({ symbol: [{ exists: true }] })],
    ['a field that is not there', detail({ price: [{ exists: false }] })],
    ['null', detail({ venue: [null] })],
    ['one item of a list', detail({ tags: ['b'] })],
    ['one of two patterns', { $or: [{ source: ['x'] }, { detail: { meta: { priority: ['HIGH'] } } }] }],
  ])('match %s', (_, pattern) => {
    expect(() => refuseUnknownPattern(pattern, 'rule')).not.toThrow();
    expect(matchesPattern(pattern, EVENT)).toBe(true);
  });

  it.each<readonly [string, EventPattern]>([
    ['another value', { 'detail-type': ['order.canceled.v1'] }],
    ['a pattern of which one field differs', { source: [{ prefix: 'belay.' }], 'detail-type': ['x'] }],
    ['a value that is excluded', detail({ symbol: [{ 'anything-but': ['AAPL'] }] })],
    ['a number out of bounds', detail({ quantity: [{ numeric: ['>', 12] }] })],
    ['a text where a number is asked for', detail({ symbol: [{ numeric: ['>', 0] }] })],
    ['a missing field', detail({ price: [{ 'anything-but': '1' }] })],
    ['a field that must not be there', detail({ symbol: [{ exists: false }] })],
    ['a wildcard that does not fit', { 'detail-type': [{ wildcard: 'signal.*' }] }],
    ['neither of two patterns', { $or: [{ source: ['x'] }, { source: ['y'] }] }],
  ])('do not match %s', (_, pattern) => {
    expect(matchesPattern(pattern, EVENT)).toBe(false);
  });

  it.each<readonly [string, EventPattern]>([
    ['an operator that is not known', { source: [{ cidr: '10.0.0.0/8' }] }],
    ['one within anything-but', { source: [{ 'anything-but': { cidr: '10.0.0.0/8' } }] }],
    ['a value outside a list', { source: 'belay.execute' }],
  ])('are refused for %s', (_, pattern) => {
    expect(() => refuseUnknownPattern(pattern, 'rule')).toThrow(/^rule/);
  });
});

describe("a target's input", () => {
  it('is the event itself, or a text', () => {
    expect(JSON.parse(inputText(null, EVENT))).toEqual(EVENT);
    expect(inputText({ template: '{"kind":"<x>"}', paths: {} }, EVENT)).toBe('{"kind":"<x>"}');
  });

  it('is made of the event by a template, values in their own type', () => {
    const paths = { at: '$.time', data: '$.detail.data', symbol: '$.detail.data.symbol', none: '$.detail.nothing' };
    const template = '{"slot":<at>,"what":"sold <symbol>","data":<data>,"none":<none>}';
    expect(JSON.parse(inputText({ template, paths }, EVENT))).toEqual({
      slot: EVENT.time,
      what: 'sold AAPL',
      data: EVENT.detail.data,
      none: null,
    });
  });
});
