import { describe, expect, it } from 'vitest';
import { Fault } from '#shared/core/kernel/fault.ts';
import { type AlpacaSettings, alpacaEndpoints } from './endpoints.ts';

const PAPER = { paper: true, key: 'PKTESTKEY', secret: 'paper-secret' } as const;
const LIVE = { paper: false, key: 'AKTESTKEY', secret: 'live-secret' } as const;

function refusalOf(settings: AlpacaSettings): string {
  try {
    alpacaEndpoints(settings);
  } catch (error) {
    if (error instanceof Fault && error.kind === 'permanent' && error.code === 'broker-configuration')
      return error.message;
    throw error;
  }
  return 'accepted';
}

describe('alpacaEndpoints', () => {
  it('takes Alpaca’s own hosts of the paper flag by default', () => {
    expect(alpacaEndpoints(PAPER)).toMatchObject({
      tradingUrl: 'https://paper-api.alpaca.markets',
      dataUrl: 'https://data.alpaca.markets',
      streamUrl: 'wss://paper-api.alpaca.markets/stream',
    });
    expect(alpacaEndpoints(LIVE)).toMatchObject({
      tradingUrl: 'https://api.alpaca.markets',
      dataUrl: 'https://data.alpaca.markets',
      streamUrl: 'wss://api.alpaca.markets/stream',
    });
  });

  it('takes everything from one simulator on loopback, with any paper key', () => {
    expect(alpacaEndpoints({ ...PAPER, key: 'SIMKEY', baseUrl: 'http://127.0.0.1:4010/' })).toEqual({
      paper: true,
      tradingUrl: 'http://127.0.0.1:4010',
      dataUrl: 'http://127.0.0.1:4010',
      streamUrl: 'ws://127.0.0.1:4010/stream',
      credentials: { key: 'SIMKEY', secret: 'paper-secret' },
    });
    for (const host of ['localhost:1', '127.9.9.9:1', '[::1]:1']) {
      expect(alpacaEndpoints({ ...PAPER, baseUrl: `http://${host}` }).streamUrl).toBe(`ws://${host}/stream`);
    }
  });

  it.each([
    ['a live key with paper=true', { ...PAPER, key: 'AKLIVE' }, /live key/],
    ['a live key at a simulator', { ...PAPER, key: 'AKLIVE', baseUrl: 'http://127.0.0.1:1' }, /live key/],
    ['a paper key with paper=false', { ...LIVE, key: 'PKPAPER' }, /paper key/],
    ['a key of no kind with paper=false', { ...LIVE, key: 'XXTEST' }, /no live key/],
    ['a key of no kind at the paper host', { ...PAPER, key: 'XXTEST' }, /no paper key/],
    ['the live host with paper=true', { ...PAPER, baseUrl: 'https://api.alpaca.markets' }, /baseUrl.*paper=true/],
    [
      'the paper host with paper=false',
      { ...LIVE, baseUrl: 'https://paper-api.alpaca.markets' },
      /baseUrl.*paper=false/,
    ],
    ['loopback with paper=false', { ...LIVE, baseUrl: 'http://127.0.0.1:4010' }, /loopback/],
    ['simulated data with paper=false', { ...LIVE, dataUrl: 'http://127.0.0.1:4010' }, /loopback/],
    ['simulated data at the paper host', { ...PAPER, dataUrl: 'http://127.0.0.1:4010' }, /simulated market/],
    ['a stranger', { ...PAPER, baseUrl: 'https://paper-api.alpaca.markets.example.com' }, /example\.com/],
    ['a stranger that looks like loopback', { ...PAPER, baseUrl: 'http://127.0.0.1.example.com' }, /example\.com/],
    ['another port of the true host', { ...PAPER, baseUrl: 'https://paper-api.alpaca.markets:8443' }, /8443/],
    ['http away from loopback', { ...PAPER, baseUrl: 'http://paper-api.alpaca.markets' }, /http:.*expected https:/],
    ['ws away from loopback', { ...PAPER, streamUrl: 'ws://paper-api.alpaca.markets/stream' }, /ws:.*expected wss:/],
    ['another scheme on loopback', { ...PAPER, baseUrl: 'ftp://127.0.0.1' }, /ftp:/],
    ['the stream of live with paper=true', { ...PAPER, streamUrl: 'wss://api.alpaca.markets/stream' }, /streamUrl/],
    [
      'a stream that tells of other orders',
      { ...PAPER, baseUrl: 'http://127.0.0.1:1', streamUrl: 'wss://paper-api.alpaca.markets/stream' },
      /other orders/,
    ],
    ['no address', { ...PAPER, baseUrl: 'paper' }, /no address/],
    ['credentials in an address', { ...PAPER, baseUrl: 'https://a:b@paper-api.alpaca.markets' }, /neither credentials/],
    ['a query in an address', { ...PAPER, baseUrl: 'https://paper-api.alpaca.markets/?a=b' }, /query/],
    ['an empty key', { ...PAPER, key: '' }, /key must be/],
    ['a secret with a line break', { ...PAPER, secret: 'paper-secret\n' }, /secret must be/],
  ])('refuses %s', (_what, settings, reason) => {
    expect(refusalOf(settings)).toMatch(reason);
  });

  it('never names the key or the secret in a refusal', () => {
    const texts = [
      refusalOf({ ...PAPER, key: 'AKVERYSECRETKEY' }),
      refusalOf({ ...LIVE, key: 'PKVERYSECRETKEY' }),
      refusalOf({ ...PAPER, key: 'XXVERYSECRETKEY' }),
      refusalOf({ ...PAPER, key: 'VERYSECRETKEY with blanks' }),
      refusalOf({ ...PAPER, secret: 'VERYSECRETKEY\n' }),
    ];
    for (const text of texts) expect(text).not.toMatch(/VERYSECRETKEY|accepted/);
  });
});
