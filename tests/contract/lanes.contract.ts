/** What every adapter of the lanes' port must do, and what whoever receives from a lane may rely on. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Lane, LaneMessage, Lanes } from '#shared/ports/lanes.ts';

export interface Received {
  readonly body: string;
  readonly receiptHandle: string;
  readonly receiveCount: number;
}

export interface LaneHarness {
  readonly lanes: Lanes;
  receive(lane: Lane, count: number): Promise<readonly Received[]>;
  /** Whether the queue says that the receipt was still good. */
  delete(lane: Lane, receiptHandle: string): Promise<boolean>;
  release(lane: Lane, receiptHandle: string): Promise<void>;
  receiveDead(lane: Lane, count: number): Promise<readonly Received[]>;
  /** Moves the queue's clock on. */
  advance(durationMs: number): void;
}

/** Where an emulator is not what it stands for. Each is asserted, so that a better one is noticed. */
export interface LaneDifferences {
  /** The real queue refuses a receipt that has run out; false: the emulator deletes the message with it. */
  readonly refusesExpiredReceipts: boolean;
  /** The real queue gives several messages of one group at once; false: the emulator gives one. */
  readonly givesSeveralOfAGroup: boolean;
  /** The real queue takes every character of XML 1.0; false: the emulator refuses those beyond U+FFFF. */
  readonly takesAstralCharacters: boolean;
}

export const VISIBILITY_MS = 180_000;
export const RECEIVES_MAX = 3;
const DEDUP_MS = 5 * 60_000;

/** @param open gives empty lanes with a visibility timeout of 180 s and dead letters after three receipts. */
export function describeLanes(name: string, differences: LaneDifferences, open: () => Promise<LaneHarness>): void {
  let house: LaneHarness;

  beforeEach(async () => {
    house = await open();
  });

  const message = (id: string, group = 'paper-1#AAPL', lane: Lane = 'orders'): LaneMessage => ({
    lane,
    group,
    dedupId: id,
    body: JSON.stringify({ id }),
  });
  const idsOf = (received: readonly Received[]): string[] =>
    received.map(({ body }) => body.replace(/^\{"id":"(.*)"\}$/, '$1'));
  const receiveOne = async (): Promise<Received> => {
    const [received] = await house.receive('orders', 1);
    if (received === undefined) throw new Error('nothing to receive');
    return received;
  };
  const finish = async (received: Received): Promise<boolean> => house.delete('orders', received.receiptHandle);
  /** Receives and finishes one after another until nothing comes. */
  const drain = async (lane: Lane): Promise<string[]> => {
    const ids: string[] = [];
    for (;;) {
      const received = await house.receive(lane, 10);
      if (received.length === 0) return ids;
      ids.push(...idsOf(received));
      for (const { receiptHandle } of received) await house.delete(lane, receiptHandle);
    }
  };

  describe(`${name}: sending`, () => {
    it('keeps the order of a group, whatever lies between', async () => {
      const messages = Array.from({ length: 25 }, (_, index) => message(`m${index}`, `paper-1#S${index % 3}`));
      await house.lanes.send(messages);
      const ids = await drain('orders');
      expect(ids).toHaveLength(25);
      for (const group of [0, 1, 2]) {
        const ofGroup = (id: string): boolean => Number(id.slice(1)) % 3 === group;
        expect(ids.filter(ofGroup)).toEqual(messages.map(({ dedupId }) => dedupId).filter(ofGroup));
      }
    });

    it('carries a body to the letter', async () => {
      const body = JSON.stringify({ text: 'ä€"\\\n', price: '0.000000001' });
      await house.lanes.send([{ ...message('letter'), body }]);
      expect((await receiveOne()).body).toBe(body);
    });

    it('carries characters beyond the basic plane (an emulator may refuse them: then it is known here)', async () => {
      const sending = house.lanes.send([{ ...message('astral'), body: '\u{1F600}' }]);
      if (differences.takesAstralCharacters) {
        await sending;
        expect((await receiveOne()).body).toBe('\u{1F600}');
      } else {
        await expect(sending).rejects.toMatchObject({ kind: 'permanent', code: 'lanes-refused' });
      }
    });

    it('keeps the lanes apart', async () => {
      await house.lanes.send([message('entry'), message('exit', 'paper-1#AAPL', 'urgent')]);
      expect(await drain('urgent')).toEqual(['exit']);
      expect(await drain('orders')).toEqual(['entry']);
    });

    it('sends nothing when there is nothing', async () => {
      await house.lanes.send([]);
      expect(await house.receive('orders', 10)).toEqual([]);
    });

    it('refuses a message that is too large, before it sends another', async () => {
      const large = { ...message('large'), body: 'x'.repeat(256 * 1024 + 1) };
      await expect(house.lanes.send([message('small'), large])).rejects.toMatchObject({
        kind: 'permanent',
        code: 'lanes-refused',
      });
      expect(await house.receive('orders', 10)).toEqual([]);
    });

    it('takes a repeat within five minutes for the same message, even when that one is done', async () => {
      await house.lanes.send([message('once'), message('once')]);
      await house.lanes.send([message('once')]);
      expect(await drain('orders')).toEqual(['once']);
      house.advance(DEDUP_MS - 1000);
      await house.lanes.send([message('once')]);
      expect(await drain('orders')).toEqual([]);
      house.advance(2000);
      await house.lanes.send([message('once')]);
      expect(await drain('orders')).toEqual(['once']);
    });
  });

  describe(`${name}: receiving`, () => {
    it('locks a group while one of its messages is in flight, and no other group', async () => {
      await house.lanes.send([message('a1'), message('a2'), message('b1', 'paper-1#MSFT')]);
      const first = await receiveOne();
      expect(idsOf([first])).toEqual(['a1']);
      const other = await house.receive('orders', 10);
      expect(idsOf(other)).toEqual(['b1']);
      expect(await house.receive('orders', 10)).toEqual([]);
      expect(await finish(first)).toBe(true);
      expect(idsOf(await house.receive('orders', 10))).toEqual(['a2']);
    });

    it('gives messages of one group in their order, several at once where the queue does', async () => {
      await house.lanes.send([message('a1'), message('a2'), message('a3')]);
      const first = await house.receive('orders', 2);
      expect(idsOf(first)).toEqual(differences.givesSeveralOfAGroup ? ['a1', 'a2'] : ['a1']);
      expect(await house.receive('orders', 2)).toEqual([]);
    });

    it('gives a message again, first in its group, when it was not finished in time', async () => {
      await house.lanes.send([message('a1'), message('a2')]);
      expect(await receiveOne()).toMatchObject({ receiveCount: 1 });
      house.advance(VISIBILITY_MS - 1000);
      expect(await house.receive('orders', 10)).toEqual([]);
      house.advance(1000);
      const again = await receiveOne();
      expect([idsOf([again]), again.receiveCount]).toEqual([['a1'], 2]);
    });

    it('gives a message again at once when it is released', async () => {
      await house.lanes.send([message('a1'), message('a2')]);
      const first = await receiveOne();
      await house.release('orders', first.receiptHandle);
      expect(idsOf([await receiveOne()])).toEqual(['a1']);
    });

    it('does not let a receipt that has run out delete a message (an emulator may: then it is known here)', async () => {
      await house.lanes.send([message('slow')]);
      const first = await receiveOne();
      house.advance(VISIBILITY_MS);
      const deleted = await finish(first);
      const again = await house.receive('orders', 10);
      if (differences.refusesExpiredReceipts) {
        expect(deleted).toBe(false);
        expect(idsOf(again)).toEqual(['slow']);
      } else {
        // Here the emulator hides a double execution: a consumer that was too slow is not found out.
        expect(deleted).toBe(true);
        expect(again).toEqual([]);
      }
    });

    it('does not let an older receipt delete a message that was received again', async () => {
      await house.lanes.send([message('slow')]);
      const first = await receiveOne();
      house.advance(VISIBILITY_MS);
      const second = await receiveOne();
      expect(second.receiptHandle).not.toBe(first.receiptHandle);
      expect(await finish(first)).toBe(!differences.refusesExpiredReceipts);
      house.advance(VISIBILITY_MS);
      expect(idsOf([await receiveOne()])).toEqual(['slow']);
    });

    it('moves a message that was received too often to the dead letters, and the next overtakes it', async () => {
      await house.lanes.send([message('poison'), message('next')]);
      for (let count = 1; count <= RECEIVES_MAX; count += 1) {
        const received = await receiveOne();
        expect([idsOf([received]), received.receiveCount]).toEqual([['poison'], count]);
        house.advance(VISIBILITY_MS);
      }
      expect(idsOf(await house.receive('orders', 10))).toEqual(['next']);
      expect(idsOf(await house.receiveDead('orders', 10))).toEqual(['poison']);
    });
  });
}
