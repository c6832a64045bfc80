import { channel } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it } from 'vitest';
import { Fault } from '#shared/core/kernel/fault.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import type { OrderUpdate } from '#shared/core/order/order.ts';
import type { OrderStreamListener, UnreadableNews } from '#shared/ports/broker.ts';
import { recordedTelemetry } from '#tests/wire/recorded-telemetry.ts';
import { type Peer, type StreamServer, streamServer } from '#tests/wire/stream-server.ts';
import { alpacaEndpoints } from './endpoints.ts';
import { type AlpacaOrderStreamOptions, alpacaOrderStream } from './order-stream.ts';

const KEY = 'PKHUSHKEY';
const SECRET = 'hush-secret';
const servers: StreamServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const AUTHORIZED = { stream: 'authorization', data: { status: 'authorized', action: 'authenticate' } };
const LISTENING = { stream: 'listening', data: { streams: ['trade_updates'] } };

/** Takes the log-in and the subscription as the broker does. */
async function welcome(peer: Peer): Promise<void> {
  await peer.next();
  peer.say(AUTHORIZED);
  await peer.next();
  peer.say(LISTENING);
}

const event = (name: string, id: string, change: object = {}) => ({
  stream: 'trade_updates',
  data: {
    event: name,
    timestamp: '2026-01-05T15:00:00Z',
    order: { id, client_order_id: null, symbol: 'KO', side: 'buy', status: name, filled_qty: '0' },
    ...change,
  },
});

interface Notes extends OrderStreamListener {
  readonly updates: OrderUpdate[];
  readonly unreadable: UnreadableNews[];
  /** Resolves when so many pieces of news have been noted. */
  heard(count: number): Promise<void>;
}

function notes(): Notes {
  const updates: OrderUpdate[] = [];
  const unreadable: UnreadableNews[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const settle = (): void => {
    for (const { count, resolve } of waiting) if (updates.length + unreadable.length >= count) resolve();
  };
  return {
    updates,
    unreadable,
    heard: (count) =>
      new Promise((resolve) => {
        waiting.push({ count, resolve });
        settle();
      }),
    async onUpdate(update) {
      updates.push(update);
      settle();
    },
    async onUnreadable(news) {
      unreadable.push(news);
      settle();
    },
  };
}

async function desk(
  behave: (peer: Peer) => Promise<void>,
  options: Partial<AlpacaOrderStreamOptions> = {},
  upgrade?: number,
) {
  const server = await streamServer(behave, upgrade);
  servers.push(server);
  const telemetry = recordedTelemetry();
  const endpoints = alpacaEndpoints({ paper: true, baseUrl: server.url, key: KEY, secret: SECRET });
  return { stream: alpacaOrderStream({ endpoints, telemetry, now: () => epochMs(42), ...options }), server, telemetry };
}

const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof Fault) return error;
  throw new Error('expected a fault', { cause: error });
};

describe('opening', () => {
  it('logs in, subscribes, and resolves only with the echo of the subscription', async () => {
    const said: unknown[] = [];
    let echo: () => void = () => undefined;
    const { stream } = await desk(async (peer) => {
      said.push(await peer.next());
      peer.say(AUTHORIZED);
      said.push(await peer.next());
      await new Promise<void>((resolve) => {
        echo = resolve;
      });
      said.push('echo');
      peer.say(LISTENING);
    });
    const opening = stream.open(notes()).then((connection) => {
      said.push('open');
      return connection;
    });
    while (said.length < 2) await new Promise(setImmediate);
    echo();
    const connection = await opening;
    expect(said).toEqual([
      { action: 'authenticate', data: { key_id: KEY, secret_key: SECRET } },
      { action: 'listen', data: { streams: ['trade_updates'] } },
      'echo',
      'open',
    ]);
    await connection.close();
    expect(await connection.ended).toEqual({ reason: 'closed by its owner' });
  });

  it('is a permanent fault when the credentials are refused, and is not tried again', async () => {
    const { stream, server, telemetry } = await desk(async (peer) => {
      await peer.next();
      peer.say({ stream: 'authorization', data: { status: `unauthorized ${SECRET}`, action: 'authenticate' } });
    });
    const fault = await faultOf(stream.open(notes()));
    expect(fault).toMatchObject({ kind: 'permanent', code: 'broker-credentials' });
    expect(server.connections()).toBe(1);
    expect(`${fault.message}${JSON.stringify(telemetry.lines)}`).not.toMatch(/hush/i);
  });

  it.each([
    [401, 'permanent', 'broker-credentials'],
    [403, 'permanent', 'broker-credentials'],
    [429, 'transient', 'broker-stream-failed'],
    [503, 'transient', 'broker-stream-failed'],
  ])('is a fault when the connection is answered with %i', async (status, kind, code) => {
    const { stream } = await desk(welcome, {}, status);
    expect(await faultOf(stream.open(notes()))).toMatchObject({ kind, code });
  });

  it.each<readonly [string, (peer: Peer) => Promise<void>, RegExp]>([
    [
      'the subscription’s echo lacks the stream',
      async (peer) => {
        await peer.next();
        peer.say(AUTHORIZED);
        await peer.next();
        peer.say({ stream: 'listening', data: { streams: [] } });
      },
      /trade_updates is missing/,
    ],
    [
      'the broker says error',
      async (peer) => {
        await peer.next();
        peer.say({ action: 'error', data: { error_message: 'too many connections' } });
      },
      /too many connections/,
    ],
    [
      'the connection breaks off',
      async (peer) => {
        await peer.next();
        peer.socket.terminate();
      },
      /closed the connection/,
    ],
  ])('is a transient fault when %s', async (_what, behave, reason) => {
    const { stream } = await desk(behave);
    const fault = await faultOf(stream.open(notes()));
    expect(fault).toMatchObject({ kind: 'transient', code: 'broker-stream-failed' });
    expect(fault.message).toMatch(reason);
  });

  it('is a transient fault when the broker never answers', async () => {
    const { stream } = await desk(() => Promise.resolve(), { openMs: 40 });
    expect(await faultOf(stream.open(notes()))).toMatchObject({ kind: 'transient', code: 'broker-stream-timeout' });
  });
});

describe('the frames', () => {
  it('of text and of bytes are told alike, with the time of arrival', async () => {
    const { stream } = await desk(async (peer) => {
      await welcome(peer);
      peer.say(event('new', 'o-1'));
      peer.socket.send(Buffer.from(JSON.stringify(event('canceled', 'o-1'))), { binary: true });
    });
    const listener = notes();
    const connection = await stream.open(listener);
    await listener.heard(2);
    expect(listener.updates.map(({ status, receivedAt }) => [status, receivedAt])).toEqual([
      ['new', 42],
      ['canceled', 42],
    ]);
    await connection.close();
  });

  it('are handled one at a time, in their order, each announced when it comes and when it is done', async () => {
    const seen: string[] = [];
    const observe = (message: unknown): void => void seen.push(JSON.stringify(message));
    channel('belay.stream.frame').subscribe(observe);
    try {
      const { stream } = await desk(async (peer) => {
        await welcome(peer);
        for (const id of ['o-1', 'o-2', 'o-3']) peer.say(event('new', id));
        peer.socket.close();
      });
      let inside = 0;
      const order: string[] = [];
      const connection = await stream.open({
        async onUpdate(update) {
          inside += 1;
          expect(inside).toBe(1);
          await new Promise(setImmediate);
          order.push(update.brokerOrderId ?? '');
          inside -= 1;
        },
        onUnreadable: () => Promise.resolve(),
      });
      await connection.ended;
      expect(order).toEqual(['o-1', 'o-2', 'o-3']);
      // Authorization, the echo and three updates.
      expect(seen.filter((line) => line === '{"phase":"received"}')).toHaveLength(5);
      expect(seen.filter((line) => line === '{"phase":"handled"}')).toHaveLength(5);
    } finally {
      channel('belay.stream.frame').unsubscribe(observe);
    }
  });

  it.each<readonly [string, string | Buffer, RegExp]>([
    ['no JSON', '{"stream":"trade_upd', /no JSON/],
    ['no text', Buffer.from([0xff, 0xfe, 0x00]), /no JSON/],
    ['an update without its order', JSON.stringify({ stream: 'trade_updates', data: { event: 'new' } }), /order/],
    ['an update with money that is none', JSON.stringify(event('fill', 'o-1', { price: 'lots', qty: '1' })), /price/],
    ['a fill without its price', JSON.stringify(event('fill', 'o-1', { qty: '1' })), /lacks qty, price or time/],
    ['a stream that nobody asked for', JSON.stringify({ stream: 'gossip', data: {} }), /gossip/],
    ['no envelope', '[1,2]', /frame/],
    ['a secret', `"${SECRET}"`, /frame/],
  ])('that hold %s are surfaced, and those behind them still told', async (_what, frame, cause) => {
    const { stream, telemetry } = await desk(async (peer) => {
      await welcome(peer);
      peer.socket.send(frame);
      peer.say(event('new', 'o-2'));
    });
    const listener = notes();
    const connection = await stream.open(listener);
    await listener.heard(2);
    expect(listener.unreadable).toHaveLength(1);
    expect(listener.unreadable[0]?.cause).toMatch(cause);
    expect(listener.updates.map(({ brokerOrderId }) => brokerOrderId)).toEqual(['o-2']);
    expect(JSON.stringify([listener.unreadable, telemetry.lines])).not.toContain(SECRET);
    await connection.close();
  });

  it('of an event or a status that nobody knows ask for another look', async () => {
    const { stream } = await desk(async (peer) => {
      await welcome(peer);
      peer.say(event('ascended', 'o-1'));
    });
    const listener = notes();
    const connection = await stream.open(listener);
    await listener.heard(1);
    expect(listener.updates).toMatchObject([
      { status: 'open-unrecognised', detail: expect.stringContaining('ascended') },
    ]);
    await connection.close();
  });
});

describe('the end of a connection', () => {
  it('comes after all that had been told was handled', async () => {
    const { stream } = await desk(async (peer) => {
      await welcome(peer);
      for (let n = 0; n < 50; n += 1) peer.say(event('new', `o-${n}`));
      peer.socket.close(1001);
    });
    const listener = notes();
    const slow: OrderStreamListener = {
      async onUpdate(update) {
        await new Promise(setImmediate);
        await listener.onUpdate(update);
      },
      onUnreadable: listener.onUnreadable,
    };
    const connection = await stream.open(slow);
    expect(await connection.ended).toEqual({ reason: 'the broker closed the connection (code 1001)' });
    expect(listener.updates).toHaveLength(50);
  });

  it('comes with a listener that fails, and nothing behind the failure is handled', async () => {
    const { stream, telemetry } = await desk(async (peer) => {
      await welcome(peer);
      for (const id of ['o-1', 'o-2', 'o-3']) peer.say(event('new', id));
    });
    const handled: string[] = [];
    const connection = await stream.open({
      async onUpdate({ brokerOrderId }) {
        if (brokerOrderId === 'o-2') throw new Error('the table is gone');
        handled.push(brokerOrderId ?? '');
      },
      onUnreadable: () => Promise.resolve(),
    });
    expect(await connection.ended).toEqual({ reason: 'the listener failed: the table is gone' });
    expect(handled).toEqual(['o-1']);
    expect(telemetry.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('comes when the broker takes the subscription away, or says error', async () => {
    for (const [frame, reason] of [
      [{ stream: 'listening', data: { streams: [] } }, 'trade_updates is missing from the subscription []'],
      [{ action: 'error', data: { error_message: 'bye' } }, 'the broker says: bye'],
      [
        { stream: 'authorization', data: { status: 'unauthorized' } },
        'the order stream answers the log-in with unauthorized',
      ],
    ] as const) {
      const { stream } = await desk(async (peer) => {
        await welcome(peer);
        peer.say(frame);
      });
      expect(await (await stream.open(notes())).ended).toEqual({ reason });
    }
  });

  it('comes when the other side gives no sign of life', async () => {
    const { stream } = await desk(
      async (peer) => {
        await welcome(peer);
        peer.socket.pause();
      },
      { heartbeatMs: 30 },
    );
    const { reason } = await (await stream.open(notes())).ended;
    expect(reason).toContain('no sign of the broker');
  });

  it('does not come while the other side answers pings', async () => {
    let pings = 0;
    let enough: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const { stream } = await desk(
      async (peer) => {
        peer.socket.on('ping', () => {
          pings += 1;
          if (pings === 4) enough();
        });
        await welcome(peer);
      },
      { heartbeatMs: 100 },
    );
    const connection = await stream.open(notes());
    await Promise.race([answered, connection.ended]);
    await connection.close();
    expect(await connection.ended).toEqual({ reason: 'closed by its owner' });
  });

  it('is the owner’s as often as it likes, even towards a broker that does not answer', async () => {
    const { stream } = await desk(
      async (peer) => {
        await welcome(peer);
        peer.socket.pause();
      },
      { closeMs: 30 },
    );
    const connection = await stream.open(notes());
    await Promise.all([connection.close(), connection.close()]);
    await connection.close();
    expect(await connection.ended).toEqual({ reason: 'closed by its owner' });
  });
});
