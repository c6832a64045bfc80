/**
 * Where Alpaca is, and the guard in front of it: a host or a key of the other world is refused before anything is sent.
 * Paper trades at paper-api.alpaca.markets with a key PK..., or at a broker simulator on loopback; live trades at
 * api.alpaca.markets with a key AK... and nowhere else.
 */
import { Fault } from '#shared/core/kernel/fault.ts';

export interface AlpacaCredentials {
  readonly key: string;
  readonly secret: string;
}

export interface AlpacaSettings {
  /** False only where real money is traded. */
  readonly paper: boolean;
  /** Base of the trading API; default Alpaca's own of the paper flag. */
  readonly baseUrl?: string;
  /** Base of the market data API; default Alpaca's own, or the base where that is on loopback. */
  readonly dataUrl?: string;
  /** Address of the order stream; default `/stream` at the base. */
  readonly streamUrl?: string;
  readonly key: string;
  readonly secret: string;
}

/** Checked addresses with the credentials that fit them; only `alpacaEndpoints` makes one. */
export interface AlpacaEndpoints {
  readonly paper: boolean;
  /** Without a slash at its end, as the next. */
  readonly tradingUrl: string;
  readonly dataUrl: string;
  readonly streamUrl: string;
  readonly credentials: AlpacaCredentials;
}

const refuse = (message: string): Fault => new Fault('permanent', 'broker-configuration', message);

const PAPER_HOST = 'paper-api.alpaca.markets';
const LIVE_HOST = 'api.alpaca.markets';
const DATA_HOST = 'data.alpaca.markets';
const PAPER_KEY_PREFIX = 'PK';
const LIVE_KEY_PREFIX = 'AK';

/** localhost, 127.0.0.0/8 and ::1, as the URL parser writes them. */
const isLoopback = (url: URL): boolean =>
  url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(url.hostname);

interface AddressRule {
  /** The setting's name, for the error. */
  readonly name: string;
  readonly secureScheme: 'https:' | 'wss:';
  readonly plainScheme: 'http:' | 'ws:';
  /** The one host away from loopback. */
  readonly host: string;
}

function checkedAddress(text: string, rule: AddressRule, paper: boolean): URL {
  const url = URL.parse(text);
  if (url === null) throw refuse(`${rule.name} is no address: expected one such as ${rule.secureScheme}//${rule.host}`);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw refuse(`${rule.name} must carry neither credentials nor a query nor a fragment`);
  }
  if (isLoopback(url)) {
    if (!paper)
      throw refuse(`${rule.name} is on loopback (${url.host}), which is for paper only: live needs ${rule.host}`);
    if (url.protocol !== rule.plainScheme && url.protocol !== rule.secureScheme) {
      throw refuse(`${rule.name} speaks ${url.protocol}: expected ${rule.plainScheme} or ${rule.secureScheme}`);
    }
    return url;
  }
  if (url.host !== rule.host) {
    throw refuse(
      `${rule.name} is at ${url.host}, which does not fit paper=${paper}: expected ${rule.host}${paper ? ' or loopback' : ''}`,
    );
  }
  if (url.protocol !== rule.secureScheme)
    throw refuse(`${rule.name} speaks ${url.protocol}: expected ${rule.secureScheme}`);
  return url;
}

function checkCredentials(settings: AlpacaSettings, simulated: boolean): AlpacaCredentials {
  const { paper, key, secret } = settings;
  // A line break from a file would come back inside the HTTP client's own error, secret and all.
  if (!/^[\x21-\x7e]{1,128}$/.test(key)) throw refuse('key must be 1 to 128 printable characters without blanks');
  if (!/^[\x21-\x7e]{1,256}$/.test(secret)) throw refuse('secret must be 1 to 256 printable characters without blanks');
  if (paper && key.startsWith(LIVE_KEY_PREFIX)) throw refuse('key is a live key (AK...), and paper=true');
  if (!paper && key.startsWith(PAPER_KEY_PREFIX)) throw refuse('key is a paper key (PK...), and paper=false');
  if (paper && !simulated && !key.startsWith(PAPER_KEY_PREFIX))
    throw refuse(`key is no paper key: ${PAPER_HOST} takes PK...`);
  if (!paper && !key.startsWith(LIVE_KEY_PREFIX)) throw refuse(`key is no live key: ${LIVE_HOST} takes AK...`);
  return { key, secret };
}

const withoutSlash = (url: URL): string => url.href.replace(/\/+$/, '');

/**
 * Addresses and credentials, checked against the paper flag and against each other.
 * @throws Fault `permanent`, `broker-configuration`, that names the setting and what is right; never the key or secret.
 */
export function alpacaEndpoints(settings: AlpacaSettings): AlpacaEndpoints {
  const { paper } = settings;
  const host = paper ? PAPER_HOST : LIVE_HOST;
  const base = checkedAddress(
    settings.baseUrl ?? `https://${host}`,
    { name: 'baseUrl', secureScheme: 'https:', plainScheme: 'http:', host },
    paper,
  );
  const simulated = isLoopback(base);
  const data = checkedAddress(
    settings.dataUrl ?? (simulated ? base.href : `https://${DATA_HOST}`),
    { name: 'dataUrl', secureScheme: 'https:', plainScheme: 'http:', host: DATA_HOST },
    paper,
  );
  const stream = checkedAddress(
    settings.streamUrl ?? `${withoutSlash(base).replace(/^http/, 'ws')}/stream`,
    { name: 'streamUrl', secureScheme: 'wss:', plainScheme: 'ws:', host },
    paper,
  );
  if (simulated !== isLoopback(stream)) {
    throw refuse(`streamUrl (${stream.host}) tells of other orders than baseUrl (${base.host}) takes`);
  }
  if (!simulated && isLoopback(data)) {
    throw refuse(`dataUrl (${data.host}) is a simulated market and baseUrl (${base.host}) is not`);
  }
  return {
    paper,
    tradingUrl: withoutSlash(base),
    dataUrl: withoutSlash(data),
    streamUrl: withoutSlash(stream),
    credentials: checkCredentials(settings, simulated),
  };
}
