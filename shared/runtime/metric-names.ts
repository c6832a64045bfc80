/**
 * The metrics that functions write (CloudWatch's embedded format, namespace "Belay", dimensions `service` = room and
 * `environment`), as data: functions, alarms and the dashboard read this one list.
 */

/** CloudWatch's own unit names. */
export type MetricUnitName = 'Count' | 'Milliseconds' | 'Seconds' | 'Percent' | 'None';

export interface MetricDescription {
  readonly name: string;
  readonly unit: MetricUnitName;
  readonly means: string;
  /** The rooms that write it; the dashboard adds them up. */
  readonly rooms: readonly string[];
}

export const METRICS = [
  {
    name: 'Heartbeat',
    unit: 'Count',
    means: 'a scheduled room took up its slot, refused slots included',
    rooms: ['ingest', 'signal', 'orchestrate', 'listen', 'reconcile', 'protect', 'slice', 'report'],
  },
  { name: 'OrdersSubmitted', unit: 'Count', means: 'orders sent to the broker', rooms: ['execute'] },
  { name: 'OrdersFilled', unit: 'Count', means: 'orders that ended filled', rooms: ['publish'] },
  { name: 'OrdersCanceled', unit: 'Count', means: 'orders that ended canceled or expired', rooms: ['publish'] },
  { name: 'OrdersRejected', unit: 'Count', means: 'orders that the broker rejected', rooms: ['publish'] },
  { name: 'OrdersRefused', unit: 'Count', means: 'orders that a gate of the house refused', rooms: ['execute'] },
  {
    name: 'OrdersUnknown',
    unit: 'Count',
    means:
      '1 when an outcome becomes ambiguous, and the number of such orders at each reconciliation pass; read the maximum',
    rooms: ['execute', 'reconcile'],
  },
  {
    name: 'OrdersHeldBack',
    unit: 'Count',
    means: 'times that an order waited for the gate in front of the broker: its circuit open, or its budget used up',
    rooms: ['execute'],
  },
  {
    name: 'OrderAlarms',
    unit: 'Count',
    means:
      'orders that did what none must do: came again with other terms, met another under their id, came back to life',
    rooms: ['execute', 'reconcile'],
  },
  {
    name: 'SubmitLatencyMs',
    unit: 'Milliseconds',
    means: "from the command's receipt to the broker's answer",
    rooms: ['execute'],
  },
  { name: 'BrokerCallMs', unit: 'Milliseconds', means: 'one submit call to the broker', rooms: ['execute'] },
  {
    name: 'ReconciliationAgeS',
    unit: 'Seconds',
    means: 'age of the last complete reconciliation pass, counted from its start',
    rooms: ['protect', 'reconcile'],
  },
  {
    name: 'PositionMismatches',
    unit: 'Count',
    means: "symbols whose books differ from the broker's after a pass",
    rooms: ['reconcile'],
  },
  {
    name: 'BreakerTripped',
    unit: 'Count',
    means: '1 while the breaker is tripped, else 0; read the maximum. Protect also tells it by `reason`, the cause',
    rooms: ['protect', 'reconcile'],
  },
  {
    name: 'KillSwitchEngaged',
    unit: 'Count',
    means: '1 while a kill switch is engaged, else 0; read the maximum',
    rooms: ['reconcile', 'control'],
  },
  {
    name: 'TradingDegraded',
    unit: 'Count',
    means: '1 while the trading state is REDUCING or HALTED, else 0; read the maximum',
    rooms: ['protect'],
  },
  { name: 'PositionsOpened', unit: 'Count', means: 'positions that left zero', rooms: ['publish'] },
  { name: 'PositionsClosed', unit: 'Count', means: 'positions that came back to zero', rooms: ['publish'] },
  { name: 'StopsTriggered', unit: 'Count', means: 'stops that called for an exit', rooms: ['publish'] },
  { name: 'Equity', unit: 'None', means: "the account's value in its currency", rooms: ['reconcile'] },
  {
    name: 'ProfitAndLoss',
    unit: 'None',
    means: "the session's profit or loss in the account's currency",
    rooms: ['reconcile'],
  },
  {
    name: 'Drawdown',
    unit: 'Percent',
    means: "fall of equity below its value at the session's open",
    rooms: ['protect'],
  },
  {
    name: 'LimitUse',
    unit: 'Percent',
    means: 'share of the gross exposure limit that positions and reservations take up',
    rooms: ['protect'],
  },
  {
    name: 'NakedSeconds',
    unit: 'Seconds',
    means: 'for how long a position has been without its resting stop, the longest of all; read the maximum',
    rooms: ['protect'],
  },
  { name: 'EventsPublished', unit: 'Count', means: 'facts put on the bus', rooms: ['publish'] },
  {
    name: 'StreamConnected',
    unit: 'Count',
    means: "1 while the broker's stream of trade updates is held, else 0",
    rooms: ['listen'],
  },
] as const satisfies readonly MetricDescription[];

export type MetricName = (typeof METRICS)[number]['name'];
