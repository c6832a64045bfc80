/** The environments that Belay is deployed to, as data: what differs between them, and nothing else. */

export const ENVIRONMENT_NAMES = ['dev', 'paper', 'live'] as const;
export type EnvironmentName = (typeof ENVIRONMENT_NAMES)[number];

export interface BrokerHosts {
  /** Whether orders go to the broker's paper side. Host and flag must agree, or functions refuse to start. */
  readonly paper: boolean;
  readonly baseUrl: string;
  readonly dataUrl: string;
  readonly streamUrl: string;
}

export interface EnvironmentDescription {
  readonly name: EnvironmentName;
  readonly region: string;
  /** Belay's own name for the broker account that this environment trades. */
  readonly brokerAccount: string;
  readonly broker: BrokerHosts;
  /** Whether tables, secrets and users outlive their stack, and resist deletion. */
  readonly keepsState: boolean;
  readonly logRetentionDays: 7 | 90 | 365;
  readonly archiveRetentionDays: number;
  readonly logLevel: 'DEBUG' | 'INFO';
  /** Requests a second over the whole HTTP API, and how many at once. */
  readonly requestRateMax: number;
  readonly requestBurstMax: number;
}

const PAPER_BROKER: BrokerHosts = {
  paper: true,
  baseUrl: 'https://paper-api.alpaca.markets',
  dataUrl: 'https://data.alpaca.markets',
  streamUrl: 'wss://paper-api.alpaca.markets/stream',
};

const LIVE_BROKER: BrokerHosts = {
  paper: false,
  baseUrl: 'https://api.alpaca.markets',
  dataUrl: 'https://data.alpaca.markets',
  streamUrl: 'wss://api.alpaca.markets/stream',
};

/** Virginia: the exchanges and the broker's servers are nearby. */
const REGION = 'us-east-1';

export const ENVIRONMENTS: Readonly<Record<EnvironmentName, EnvironmentDescription>> = {
  dev: {
    name: 'dev',
    region: REGION,
    brokerAccount: 'dev-1',
    broker: PAPER_BROKER,
    keepsState: false,
    logRetentionDays: 7,
    archiveRetentionDays: 7,
    logLevel: 'DEBUG',
    requestRateMax: 20,
    requestBurstMax: 40,
  },
  paper: {
    name: 'paper',
    region: REGION,
    brokerAccount: 'paper-1',
    broker: PAPER_BROKER,
    keepsState: true,
    logRetentionDays: 90,
    archiveRetentionDays: 90,
    logLevel: 'INFO',
    requestRateMax: 20,
    requestBurstMax: 40,
  },
  live: {
    name: 'live',
    region: REGION,
    brokerAccount: 'live-1',
    broker: LIVE_BROKER,
    keepsState: true,
    logRetentionDays: 365,
    archiveRetentionDays: 365,
    logLevel: 'INFO',
    requestRateMax: 20,
    requestBurstMax: 40,
  },
};
