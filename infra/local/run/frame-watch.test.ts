import { channel } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import { FrameWatch } from './frame-watch.ts';
import { NO_VENUE } from './venue.ts';

let watch: FrameWatch | null = null;
afterEach(() => {
  watch?.stop();
  watch = null;
});

const frames = channel('belay.stream.frame');

function watching(connections: { connection: number; open: boolean; framesSent: number }[]): FrameWatch {
  watch = new FrameWatch({ ...NO_VENUE, streams: () => connections });
  return watch;
}

describe('the watch over the frames of the broker', () => {
  it('waits until what was sent is handled, however it arrives', async () => {
    const connection = { connection: 1, open: true, framesSent: 2 };
    const one = watching([connection]);
    let settled = false;
    const waiting = one.settled().then((waited) => {
      settled = true;
      return waited;
    });
    frames.publish({ phase: 'received' });
    frames.publish({ phase: 'handled' });
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(settled).toBe(false);
    frames.publish({ phase: 'handled' });
    expect(await waiting).toBe(true);
    expect(await one.settled()).toBe(false);
    connection.framesSent += 1;
    frames.publish({ phase: 'handled' });
    expect(await one.settled()).toBe(false);
  });

  it('writes off what a closed connection took with it, and nothing else', async () => {
    const closed = { connection: 1, open: false, framesSent: 3 };
    const open = { connection: 2, open: true, framesSent: 0 };
    const one = watching([closed, open]);
    frames.publish({ phase: 'received' });
    frames.publish({ phase: 'handled' });
    await one.settled();
    open.framesSent = 1;
    const waiting = one.settled();
    frames.publish({ phase: 'received' });
    frames.publish({ phase: 'handled' });
    expect(await waiting).toBe(true);
  });

  it('waits for what was received, however long it takes, and beside connections that were closed', async () => {
    const one = watching([
      { connection: 1, open: false, framesSent: 5 },
      { connection: 2, open: true, framesSent: 1 },
    ]);
    for (let frame = 0; frame < 6; frame += 1) frames.publish({ phase: 'received' });
    for (let frame = 0; frame < 5; frame += 1) frames.publish({ phase: 'handled' });
    let settled = false;
    const waiting = one.settled().then((waited) => {
      settled = true;
      return waited;
    });
    await new Promise((resolve) => {
      setTimeout(resolve, 1_300);
    });
    expect(settled).toBe(false);
    frames.publish({ phase: 'handled' });
    expect(await waiting).toBe(true);
  });

  it('takes back what it wrote off and came after all, so that the next frame is waited for', async () => {
    const closed = { connection: 1, open: false, framesSent: 1 };
    const open = { connection: 2, open: true, framesSent: 0 };
    const one = watching([closed, open]);
    await one.settled();
    frames.publish({ phase: 'received' });
    frames.publish({ phase: 'handled' });
    expect(await one.settled()).toBe(false);
    open.framesSent = 1;
    const waiting = one.settled();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    frames.publish({ phase: 'received' });
    frames.publish({ phase: 'handled' });
    expect(await waiting).toBe(true);
  });
});
