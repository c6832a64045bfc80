/**
 * The settings of a function, from its environment variables. Each room names the groups that it needs, so that a
 * function gets no more than it uses, and one that lacks a variable refuses to start with every fault named.
 */
import * as z from 'zod';
import { accountId, buildId } from '#shared/core/kernel/identity.ts';

const trueOrFalse = z
  .enum(['true', 'false'], { error: 'expected "true" or "false"' })
  .transform((text) => text === 'true');
const name = z.string().min(1, 'expected a name');
const url = z.url({ error: 'expected a URL' });

/** Every variable there is; the rooms pick. */
const VARIABLES = {
  ENVIRONMENT: z.enum(['dev', 'paper', 'live']),
  DRY_RUN: trueOrFalse,
  BUILD_ID: z.string().transform((text) => buildId(text)),
  BELAY_ACCOUNT: z.string().transform((text) => accountId(text)),
  TABLE_SAFETY: name,
  TABLE_ORDERS: name,
  TABLE_BOOKS: name,
  TABLE_MARKET: name,
  TABLE_JOURNAL: name,
  QUEUE_ORDERS_URL: url,
  QUEUE_URGENT_URL: url,
  EVENT_BUS_NAME: name,
  ALPACA_PAPER: trueOrFalse,
  ALPACA_BASE_URL: url,
  ALPACA_DATA_URL: url,
  ALPACA_STREAM_URL: url,
  SECRET_BROKER_ID: name,
  SECRET_WEBHOOK_ID: name,
} as const;

export type VariableName = keyof typeof VARIABLES;
export type Configuration<K extends VariableName> = { readonly [N in K]: z.output<(typeof VARIABLES)[N]> };

export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`the settings are not usable: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

/**
 * Reads the named variables.
 * @throws ConfigurationError that lists every variable that is missing or wrong, never its value.
 */
export function readConfiguration<const K extends VariableName>(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly K[],
): Configuration<K> {
  const faults: string[] = [];
  const values: Partial<Record<VariableName, unknown>> = {};
  for (const variable of names) {
    const fault = readVariable(environment[variable], variable, values);
    if (fault !== null) faults.push(fault);
  }
  if (faults.length > 0 || !isComplete(values, names)) throw new ConfigurationError(faults);
  return values;
}

function readVariable(
  text: string | undefined,
  variable: VariableName,
  values: Partial<Record<VariableName, unknown>>,
): string | null {
  if (text === undefined || text === '') return `${variable} is missing`;
  try {
    const read = VARIABLES[variable].safeParse(text);
    if (!read.success) return `${variable}: ${read.error.issues[0]?.message ?? 'not readable'}`;
    values[variable] = read.data;
    return null;
  } catch (cause) {
    return `${variable}: ${cause instanceof Error ? cause.message : 'not readable'}`;
  }
}

const isComplete = <K extends VariableName>(
  values: Partial<Record<VariableName, unknown>>,
  names: readonly K[],
): values is Configuration<K> => names.every((variable) => variable in values);
