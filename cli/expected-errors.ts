/** What a person can set right: it is told in one line. Everything else is a bug, and keeps its stack. */
import { ApiError } from '#console/api-client.ts';
import { Fault } from '#shared/core/kernel/fault.ts';
import { ParameterError } from '#shared/core/signal/strategy.ts';
import { ConfigurationError } from '#shared/runtime/configuration.ts';
import { StrategyFileError } from '#infra/local/backtest/load-strategies.ts';
import { StrategyError } from '#infra/local/backtest/run-backtest.ts';
import { IssuerError } from '#infra/local/http/local-issuer.ts';
import { MarketFileError } from '#infra/local/market/read-csv-file.ts';
import { SettingsError } from './settings.ts';

const EXPECTED = [
  ApiError,
  SettingsError,
  IssuerError,
  ConfigurationError,
  Fault,
  MarketFileError,
  StrategyFileError,
  StrategyError,
  ParameterError,
  RangeError,
] as const;

export const isExpected = (error: unknown): error is Error => EXPECTED.some((kind) => error instanceof kind);
