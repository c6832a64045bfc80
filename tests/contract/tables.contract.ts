/** What every adapter of the tables' port must do, whatever stands behind it. */
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { failedConditions } from '#shared/core/kernel/conditions.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Condition, Item, ItemKey, ItemTest, ItemValue } from '#shared/core/kernel/item.ts';
import type { Tables, WriteOutcome } from '#shared/ports/tables.ts';

const EXISTS: Condition = { name: 'row-exists', test: { op: 'exists' } };
const ABSENT: Condition = { name: 'row-absent', test: { op: 'absent' } };
const is = (attribute: string, value: ItemValue): Condition => ({
  name: `${attribute}-as-seen`,
  test: { op: 'equals', attribute, value },
});
const below = (attribute: string, value: string): Condition => ({
  name: `${attribute}-below-limit`,
  test: { op: 'below', attribute, value: { N: value } },
});

async function expectFault(call: Promise<unknown>, kind: string, code: string): Promise<void> {
  const error = await call.then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Fault);
  expect(error).toMatchObject({ kind, code });
}

/** Every caller of a transaction comes again when another was in its way. */
async function persistently(call: () => Promise<WriteOutcome>): Promise<WriteOutcome> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Fault && error.kind === 'transient')) throw error;
    }
  }
}

const countOf = (outcomes: readonly WriteOutcome[]): number => outcomes.filter((outcome) => outcome.ok).length;

/** @param open gives the tables; called before each test, and may give the same ones again. */
export function describeTables(name: string, open: () => Promise<Tables>): void {
  let tables: Tables;
  let pk = '';
  let tests = 0;
  const key = (sk: string, partition = pk): ItemKey => ({ pk: partition, sk });
  const item = (sk: string, rest: Item = {}): Item => ({ pk: { S: pk }, sk: { S: sk }, ...rest });
  const put = (sk: string, rest: Item = {}, conditions: readonly Condition[] = []): Promise<WriteOutcome> =>
    tables.write({ kind: 'put', table: 'orders', item: item(sk, rest), conditions });
  const get = (sk: string): Promise<Item | null> => tables.get('orders', key(sk));

  beforeEach(async () => {
    tables = await open();
    tests += 1;
    pk = `${name}#${tests}`;
  });

  describe(`${name}: single writes`, () => {
    it('gives back every kind of value as it was put, numbers to the last of 38 digits', async () => {
      const rest: Item = {
        cash: { N: '12345678901234567890.123456789012345678' },
        loss: { N: '-0.000000000000000001' },
        text: { S: 'a\u{1F600}' },
        empty: { S: '' },
        yes: { BOOL: true },
        none: { NULL: true },
        raw: { B: new Uint8Array([0, 255]) },
        list: { L: [{ N: '1' }, { M: { inner: { S: 'x' } } }] },
        map: { M: {} },
      };
      expect(await put('kinds', rest)).toEqual({ ok: true });
      expect(await get('kinds')).toEqual(item('kinds', rest));
      expect(await get('nothing')).toBeNull();
      expect(await tables.get('orders', key('kinds'), { consistency: 'eventual' })).toEqual(item('kinds', rest));
    });

    it('writes numbers in their shortest form', async () => {
      await put('short', { n: { N: '0010.500' }, zero: { N: '-0.0' } });
      expect(await get('short')).toEqual(item('short', { n: { N: '10.5' }, zero: { N: '0' } }));
    });

    it('puts an item once when it must be absent, and shows the one that was there', async () => {
      expect(await put('once', { by: { S: 'first' } }, [ABSENT])).toEqual({ ok: true });
      expect(await put('once', { by: { S: 'second' } }, [ABSENT])).toEqual({
        ok: false,
        failures: [{ index: 0, names: ['row-absent'], item: item('once', { by: { S: 'first' } }) }],
      });
      expect(await get('once')).toEqual(item('once', { by: { S: 'first' } }));
    });

    it('replaces the whole item with a put', async () => {
      await put('whole', { a: { N: '1' }, b: { N: '2' } });
      await put('whole', { a: { N: '3' } });
      expect(await get('whole')).toEqual(item('whole', { a: { N: '3' } }));
    });

    it('names exactly the conditions that failed', async () => {
      await put('named', { state: { S: 'claimed' }, version: { N: '7' } });
      const outcome = await tables.write({
        kind: 'update',
        table: 'orders',
        key: key('named'),
        set: { state: { S: 'sending' } },
        conditions: [EXISTS, is('state', { S: 'claimed' }), is('version', { N: '8' }), below('version', '7')],
      });
      expect(outcome).toMatchObject({ ok: false, failures: [{ names: ['version-as-seen', 'version-below-limit'] }] });
    });

    it('sets, adds and removes in one update, and makes the item that was not there', async () => {
      const update = (add: string): Promise<WriteOutcome> =>
        tables.write({
          kind: 'update',
          table: 'orders',
          key: key('changed'),
          set: { state: { S: 'open' } },
          add: { total: add },
          remove: ['old'],
          conditions: [],
        });
      await update('0.1');
      expect(await get('changed')).toEqual(item('changed', { state: { S: 'open' }, total: { N: '0.1' } }));
      await put('changed', { old: { S: 'x' }, total: { N: '0.1' } });
      await update('0.2');
      expect(await get('changed')).toEqual(item('changed', { state: { S: 'open' }, total: { N: '0.3' } }));
    });

    it('adds exactly at 38 digits, and refuses a sum that needs more', async () => {
      await put('sum', { n: { N: '12345678901234567890.123456789012345678' } });
      const add = (n: string): Promise<WriteOutcome> =>
        tables.write({ kind: 'update', table: 'orders', key: key('sum'), add: { n }, conditions: [] });
      await add('0.000000000000000001');
      await add('-12345678901234567890');
      expect(await get('sum')).toEqual(item('sum', { n: { N: '0.123456789012345679' } }));
      await expectFault(add('123456789012345678901'), 'permanent', 'tables-malformed');
      expect(await get('sum')).toEqual(item('sum', { n: { N: '0.123456789012345679' } }));
    });

    it('deletes under a condition, and deletes nothing harmlessly', async () => {
      await put('gone', { version: { N: '1' } });
      const remove = (conditions: readonly Condition[]): Promise<WriteOutcome> =>
        tables.write({ kind: 'delete', table: 'orders', key: key('gone'), conditions });
      expect(await remove([is('version', { N: '2' })])).toMatchObject({ ok: false });
      expect(await remove([is('version', { N: '1' })])).toEqual({ ok: true });
      expect(await get('gone')).toBeNull();
      expect(await remove([])).toEqual({ ok: true });
      expect(await remove([EXISTS])).toEqual({
        ok: false,
        failures: [{ index: 0, names: ['row-exists'], item: null }],
      });
    });

    it('refuses what no table can hold, and leaves nothing behind', async () => {
      const long = { text: { S: 'x'.repeat(400 * 1024) } };
      await expectFault(put('long', long), 'permanent', 'tables-malformed');
      await expectFault(put('digits', { n: { N: '1'.repeat(39) } }), 'permanent', 'tables-malformed');
      await expectFault(put('exponent', { n: { N: '1e3' } }), 'permanent', 'tables-malformed');
      await expectFault(put(''), 'permanent', 'tables-malformed');
      await expectFault(put('index', { brokerOrderId: { N: '1' } }), 'permanent', 'tables-malformed');
      await expectFault(put('index', { brokerOrderId: { S: '' } }), 'permanent', 'tables-malformed');
      const update = { kind: 'update', table: 'orders', key: key('twice'), conditions: [] } as const;
      const twice = tables.write({ ...update, set: { n: { N: '1' } }, remove: ['n'] });
      await expectFault(twice, 'permanent', 'tables-malformed');
      await expectFault(tables.write({ ...update, set: { pk: { S: 'x' } } }), 'permanent', 'tables-malformed');
      expect((await tables.query({ table: 'orders', partition: pk })).items).toEqual([]);
    });

    it('puts many items at once, over whatever stands there, and no item twice', async () => {
      const names = Array.from({ length: 60 }, (_, index) => `many-${String(index).padStart(2, '0')}`);
      await put('many-07', { old: { S: 'x' } });
      const value = (name: string): Item => ({ n: { N: String(Number(name.slice(5)) + 1) } });
      await tables.putEach(
        'orders',
        names.map((name) => item(name, value(name))),
      );
      const { items } = await tables.query({ table: 'orders', partition: pk, prefix: 'many-' });
      expect(items).toEqual(names.map((name) => item(name, value(name))));
      await tables.putEach('orders', []);
      const twice = tables.putEach('orders', [item('twin', { n: { N: '1' } }), item('twin', { n: { N: '2' } })]);
      await expectFault(twice, 'permanent', 'tables-malformed');
      expect(await get('twin')).toBeNull();
    });

    it('refuses to add to what is no number', async () => {
      await put('text', { n: { S: 'x' } });
      const add = { kind: 'update', table: 'orders', key: key('text'), add: { n: '1' }, conditions: [] } as const;
      await expectFault(tables.write(add), 'permanent', 'tables-malformed');
      await expectFault(tables.transact([add]), 'permanent', 'tables-malformed');
    });
  });

  describe(`${name}: conditions`, () => {
    it('holds each comparison for exactly the orders that it means', async () => {
      const ops = ['below', 'at-most', 'equals', 'differs', 'at-least', 'above'] as const;
      const values: readonly ItemValue[] = [{ N: '-2' }, { N: '1' }, { S: 'a' }, { S: 'ab' }];
      for (const found of values) {
        await put('found', { a: found });
        for (const value of values) {
          for (const op of ops) {
            const conditions = [{ name: op, test: { op, attribute: 'a', value } }];
            const outcome = await tables.transact([{ kind: 'check', table: 'orders', key: key('found'), conditions }]);
            expect(outcome.ok).toBe(failedConditions(item('found', { a: found }), conditions).length === 0);
          }
        }
      }
    });

    it('decides as the pure evaluator does, for every kind of test', async () => {
      const value = fc.oneof(
        fc.constantFrom<ItemValue>({ S: '' }, { S: 'a' }, { S: '\uFFFD' }, { S: '\u{1F600}' }, { NULL: true }),
        fc.constantFrom<ItemValue>({ BOOL: true }, { BOOL: false }, { B: new Uint8Array([200]) }, { L: [{ N: '1' }] }),
        fc.constantFrom<ItemValue>({ N: '0' }, { N: '-0.5' }, { N: '10' }, { N: '9' }, { N: `0.${'0'.repeat(17)}1` }),
      );
      const ordered = value.filter((candidate) => 'S' in candidate || 'N' in candidate || 'B' in candidate);
      const attribute = fc.constantFrom('a', 'b', 'c');
      const flat: fc.Arbitrary<ItemTest> = fc.oneof(
        fc.record({ op: fc.constantFrom('exists', 'absent') }),
        fc.record({ op: fc.constantFrom('has', 'lacks'), attribute }),
        fc.record({ op: fc.constant('equals'), attribute, value }),
        fc.record({ op: fc.constant('differs'), attribute, value: fc.oneof(ordered, fc.constant({ BOOL: true })) }),
        fc.record({ op: fc.constantFrom('below', 'at-most', 'at-least', 'above'), attribute, value: ordered }),
      );
      const nested: fc.Arbitrary<ItemTest> = fc.record({
        op: fc.constantFrom('any', 'all'),
        tests: fc.array(flat, { minLength: 1, maxLength: 3 }),
      });
      const rest = fc.dictionary(attribute, value, { maxKeys: 3 });
      const cases = fc.tuple(
        fc.option(rest, { nil: null }),
        fc.array(fc.oneof(flat, nested), { minLength: 1, maxLength: 3 }),
      );
      let count = 0;
      await fc.assert(
        fc.asyncProperty(cases, async ([found, tests]) => {
          count += 1;
          const sk = `case-${count}`;
          if (found !== null) await put(sk, found);
          const conditions = tests.map((test, index) => ({ name: `test-${index}`, test }));
          const outcome = await tables.transact([{ kind: 'check', table: 'orders', key: key(sk), conditions }]);
          const names = failedConditions(found === null ? null : item(sk, found), conditions);
          expect(outcome.ok ? [] : outcome.failures[0]?.names).toEqual(names);
        }),
        { seed: 20, numRuns: 150 },
      );
    });
  });

  describe(`${name}: transactions`, () => {
    it('does all of it or nothing, and tells of every write whose conditions failed', async () => {
      await put('a', { n: { N: '1' } });
      const outcome = await tables.transact([
        { kind: 'put', table: 'orders', item: item('new'), conditions: [ABSENT] },
        { kind: 'check', table: 'safety', key: key('flag'), conditions: [EXISTS] },
        { kind: 'update', table: 'orders', key: key('a'), add: { n: '1' }, conditions: [below('n', '1')] },
      ]);
      expect(outcome).toEqual({
        ok: false,
        failures: [
          { index: 1, names: ['row-exists'], item: null },
          { index: 2, names: ['n-below-limit'], item: item('a', { n: { N: '1' } }) },
        ],
      });
      expect(await get('new')).toBeNull();
      expect(await get('a')).toEqual(item('a', { n: { N: '1' } }));
    });

    it('puts, updates, deletes and checks over several tables at once', async () => {
      await put('gone');
      await tables.write({ kind: 'put', table: 'safety', item: item('flag', { on: { BOOL: true } }), conditions: [] });
      const outcome = await tables.transact([
        { kind: 'check', table: 'safety', key: key('flag'), conditions: [is('on', { BOOL: true })] },
        { kind: 'delete', table: 'orders', key: key('gone'), conditions: [EXISTS] },
        { kind: 'put', table: 'journal', item: item('fact'), conditions: [ABSENT] },
        { kind: 'update', table: 'books', key: key('book'), add: { open: '-1.5' }, conditions: [] },
      ]);
      expect(outcome).toEqual({ ok: true });
      expect(
        await tables.getTogether([
          { table: 'books', key: key('book') },
          { table: 'orders', key: key('gone') },
          { table: 'journal', key: key('fact') },
        ]),
      ).toEqual([item('book', { open: { N: '-1.5' } }), null, item('fact')]);
    });

    it('does a repeat under the same token once, and refuses another transaction under it', async () => {
      const token = `token-${tests}`;
      const add = { kind: 'update', table: 'orders', key: key('counted'), add: { n: '1' }, conditions: [] } as const;
      expect(await tables.transact([add], { token })).toEqual({ ok: true });
      expect(await tables.transact([add], { token })).toEqual({ ok: true });
      expect(await get('counted')).toEqual(item('counted', { n: { N: '1' } }));
      await expectFault(tables.transact([{ ...add, add: { n: '2' } }], { token }), 'permanent', 'tables-token-reused');
      await tables.transact([add]);
      await tables.transact([add]);
      expect(await get('counted')).toEqual(item('counted', { n: { N: '3' } }));
    });

    it('lets a refused transaction try again under its token', async () => {
      const token = `token-${tests}`;
      const add = {
        kind: 'update',
        table: 'orders',
        key: key('late'),
        add: { n: '1' },
        conditions: [EXISTS],
      } as const;
      expect(await tables.transact([add], { token })).toMatchObject({ ok: false });
      await put('late');
      expect(await tables.transact([add], { token })).toEqual({ ok: true });
      expect(await get('late')).toEqual(item('late', { n: { N: '1' } }));
    });

    it('refuses none, more than 100, and two writes on one item', async () => {
      const write = (sk: string) => ({ kind: 'put', table: 'orders', item: item(sk), conditions: [] }) as const;
      await expectFault(tables.transact([]), 'permanent', 'tables-malformed');
      await expectFault(tables.transact([write('a'), write('a')]), 'permanent', 'tables-malformed');
      const many = Array.from({ length: 101 }, (_, index) => write(`m${index}`));
      await expectFault(tables.transact(many), 'permanent', 'tables-malformed');
      expect(await tables.transact(many.slice(0, 100))).toEqual({ ok: true });
      await expectFault(tables.transact([write('t')], { token: 't'.repeat(37) }), 'permanent', 'tables-malformed');
    });

    it('reads several items of one moment, in the order asked', async () => {
      await put('b', { n: { N: '2' } });
      const places = [key('none'), key('b')].map((place) => ({ table: 'orders', key: place }) as const);
      expect(await tables.getTogether(places)).toEqual([null, item('b', { n: { N: '2' } })]);
      expect(await tables.getTogether([])).toEqual([]);
      const twice = places.concat(places);
      await expectFault(tables.getTogether(twice), 'permanent', 'tables-malformed');
    });
  });

  describe(`${name}: queries`, () => {
    const sortKeys = async (request: Partial<Parameters<Tables['query']>[0]>): Promise<unknown[]> => {
      const page = await tables.query({ table: 'orders', partition: pk, ...request });
      return page.items.map((found) => found['sk']);
    };
    const texts = (...sks: readonly string[]): unknown[] => sks.map((sk) => ({ S: sk }));

    it('orders by the bytes of the sort key, both ways', async () => {
      for (const sk of ['b', 'a', '\u{1F600}', '\uFFFD', 'Z', 'a#1']) await put(sk);
      const order = ['Z', 'a', 'a#1', 'b', '\uFFFD', '\u{1F600}'];
      expect(await sortKeys({})).toEqual(texts(...order));
      expect(await sortKeys({ newestFirst: true })).toEqual(texts(...order.toReversed()));
    });

    it('keeps to inclusive bounds and to a prefix', async () => {
      for (const sk of ['fill#1', 'fill#2', 'fill#3', 'order']) await put(sk);
      expect(await sortKeys({ from: 'fill#2' })).toEqual(texts('fill#2', 'fill#3', 'order'));
      expect(await sortKeys({ to: 'fill#2' })).toEqual(texts('fill#1', 'fill#2'));
      expect(await sortKeys({ from: 'fill#2', to: 'fill#3' })).toEqual(texts('fill#2', 'fill#3'));
      expect(await sortKeys({ from: 'fill#3', to: 'fill#2' })).toEqual([]);
      expect(await sortKeys({ prefix: 'fill#' })).toEqual(texts('fill#1', 'fill#2', 'fill#3'));
      expect(await sortKeys({ partition: `${pk}-other` })).toEqual([]);
    });

    it('pages through a partition without gap or repeat, while it is written to', async () => {
      const sks = Array.from({ length: 23 }, (_, index) => String(index).padStart(2, '0'));
      for (const sk of sks) await put(sk);
      const seen: unknown[] = [];
      let cursor: string | null = null;
      do {
        const page = await tables.query({
          table: 'orders',
          partition: pk,
          limit: 5,
          ...(cursor === null ? {} : { cursor }),
        });
        expect(page.items.length).toBeLessThanOrEqual(5);
        seen.push(...page.items.map((found) => found['sk']));
        // An item that the cursor stands on may vanish; one before it may come.
        await tables.write({ kind: 'delete', table: 'orders', key: key('04'), conditions: [] });
        await put('000');
        ({ cursor } = page);
      } while (cursor !== null);
      expect(seen).toEqual(texts(...sks));
    });

    it('cuts a page at a megabyte', async () => {
      for (const sk of ['1', '2', '3', '4']) await put(sk, { text: { S: 'x'.repeat(390 * 1024) } });
      const first = await tables.query({ table: 'orders', partition: pk });
      expect(first.items.length).toBeLessThan(4);
      const second = await tables.query({ table: 'orders', partition: pk, cursor: first.cursor ?? '' });
      expect([...first.items, ...second.items].map((found) => found['sk'])).toEqual(texts('1', '2', '3', '4'));
      expect(second.cursor).toBeNull();
    });

    it('refuses a cursor of another query', async () => {
      for (const sk of ['1', '2']) await put(sk);
      const { cursor } = await tables.query({ table: 'orders', partition: pk, limit: 1 });
      const other = { table: 'orders', partition: `${pk}-other` } as const;
      await expectFault(tables.query({ ...other, cursor: cursor ?? '' }), 'permanent', 'tables-malformed');
      await expectFault(tables.query({ ...other, cursor: 'nonsense' }), 'permanent', 'tables-malformed');
    });

    it('answers from an index that holds only the items with its keys, and follows their changes', async () => {
      const index = { table: 'journal', index: 'by-correlation', partition: `run-${pk}` } as const;
      const said = (at: string): Item => ({ correlationId: { S: index.partition }, occurredKey: { S: at } });
      const say = (sk: string, attributes: Item) =>
        tables.write({ kind: 'put', table: 'journal', item: item(sk, attributes), conditions: [] });
      await say('b', said('2'));
      await say('a', said('1'));
      await say('c', { correlationId: { S: index.partition } });
      const first = await tables.query({ ...index, limit: 1 });
      expect(first.items).toEqual([item('a', said('1'))]);
      expect((await tables.query({ ...index, cursor: first.cursor ?? '' })).items).toEqual([item('b', said('2'))]);
      const remove = ['correlationId', 'occurredKey'];
      await tables.write({ kind: 'update', table: 'journal', key: key('a'), remove, conditions: [] });
      expect((await tables.query(index)).items).toEqual([item('b', said('2'))]);
    });

    it('answers from an index of keys with keys alone', async () => {
      const brokerOrderId = { S: `broker-${pk}` };
      await put('ORDER', { brokerOrderId, state: { S: 'filled' } });
      const found = await tables.query({ table: 'orders', index: 'by-broker-order', partition: brokerOrderId.S });
      expect(found.items).toEqual([item('ORDER', { brokerOrderId })]);
    });
  });

  describe(`${name}: writers at the same moment`, () => {
    const fifty = (write: (writer: number) => Promise<WriteOutcome>): Promise<readonly WriteOutcome[]> =>
      Promise.all(Array.from({ length: 50 }, (_, writer) => persistently(() => write(writer))));

    it('lets exactly one of fifty create an item', async () => {
      const outcomes = await fifty((writer) => put('race', { writer: { N: String(writer) } }, [ABSENT]));
      expect(countOf(outcomes)).toBe(1);
    });

    it('lets exactly one of fifty move a version on', async () => {
      await put('version', { version: { N: '1' } });
      const outcomes = await fifty((writer) =>
        tables.write({
          kind: 'update',
          table: 'orders',
          key: key('version'),
          set: { version: { N: '2' }, writer: { N: String(writer) } },
          conditions: [is('version', { N: '1' })],
        }),
      );
      expect(countOf(outcomes)).toBe(1);
    });

    it('never gives out more than there is, by single writes or by transactions', async () => {
      await put('headroom', { used: { N: '0' } });
      const reserve = {
        kind: 'update',
        table: 'orders',
        key: key('headroom'),
        add: { used: '0.1' },
        conditions: [below('used', '2')],
      } as const;
      const outcomes = await fifty((writer) => {
        const order = { kind: 'put', table: 'orders', item: item(`order-${writer}`), conditions: [ABSENT] } as const;
        return writer % 2 === 0 ? tables.write(reserve) : tables.transact([order, reserve]);
      });
      expect(countOf(outcomes)).toBe(20);
      expect(await get('headroom')).toEqual(item('headroom', { used: { N: '2' } }));
      const { items } = await tables.query({ table: 'orders', partition: pk, prefix: 'order-' });
      expect(items).toHaveLength(countOf(outcomes.filter((_, writer) => writer % 2 === 1)));
    });
  });
}
