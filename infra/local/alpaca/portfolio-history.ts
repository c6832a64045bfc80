/** The account's equity over time, in plain numbers as the broker has them. */
import { approximateMoney } from '#shared/core/kernel/decimal.ts';
import { type EpochMs, addMs, epochMs } from '#shared/core/kernel/instant.ts';
import { newYorkDate } from '#shared/core/market/new-york-time.ts';
import { pastEquity, replayAccount } from '#shared/core/venue/account-history.ts';
import { type Answer, type ApiRequest, ParameterError, answer, instantOf, textOf, wordOf } from './answer.ts';
import type { Desk, Exchange } from './desk.ts';

const DAY_MS = 86_400_000;
const FRAMES = { '1Min': 60_000, '5Min': 300_000, '15Min': 900_000, '1H': 3_600_000, '1D': DAY_MS } as const;
type Frame = keyof typeof FRAMES;
const FRAME_NAMES = ['1Min', '5Min', '15Min', '1H', '1D'] as const;
const PERIOD_DAYS = { D: 1, W: 7, M: 30, A: 365 } as const;

/** Milliseconds of "1D", "2W", "1M" or "1A"; null for "all". */
function periodMs(text: string): number | null {
  if (text === 'all') return null;
  const match = /^(\d+)([DWMA])$/.exec(text);
  const unit = (['D', 'W', 'M', 'A'] as const).find((candidate) => candidate === match?.[2]);
  if (match === null || unit === undefined) throw new ParameterError('period', 'expected one such as 1D, 1W, 1M or 1A');
  return Number(match[1]) * PERIOD_DAYS[unit] * DAY_MS;
}

/** Minutes for up to a week, quarters of an hour for up to 30 days, else days. */
function ordinaryFrame(spanMs: number): Frame {
  if (spanMs < 7 * DAY_MS) return '1Min';
  return spanMs < 30 * DAY_MS ? '15Min' : '1D';
}

/** The instants of a span: ends of sessions for days, else every so many minutes of each session from its open. */
function instantsOf(exchange: Exchange, start: EpochMs, end: EpochMs, frame: Frame): readonly EpochMs[] {
  const instants: EpochMs[] = [];
  for (const session of exchange.market.sessions) {
    if (session.closeAt < start) continue;
    if (session.openAt > end) break;
    if (frame === '1D') {
      instants.push(session.closeAt <= end ? session.closeAt : end);
      continue;
    }
    for (let at = session.openAt; at <= session.closeAt && at <= end; at = addMs(at, FRAMES[frame])) {
      if (at >= start) instants.push(at);
    }
  }
  return instants;
}

const cents = (value: number): number => Math.round(value * 100) / 100;

/** GET /v2/account/portfolio/history. Profit and loss are counted from the start of the span. */
export function getPortfolioHistory(exchange: Exchange, desk: Desk, request: ApiRequest): Answer {
  const { venue } = desk;
  const { query } = request;
  const now = exchange.now();
  const asked = instantOf(query, 'end') ?? now;
  const end = asked < now ? asked : now;
  const openedAt = venue.state.openedAt;
  const length = periodMs(textOf(query, 'period') ?? '1M');
  const from = instantOf(query, 'start') ?? (length === null ? openedAt : epochMs(Math.max(0, end - length)));
  const start = from < openedAt ? openedAt : from;
  if (from > end) throw new ParameterError('start', 'expected an instant before the end');
  const frame = wordOf(query, 'timeframe', FRAME_NAMES, ordinaryFrame(end - from));
  const replay = replayAccount(venue);
  const base = cents(approximateMoney(pastEquity(venue, replay(addMs(start, -1)), start)));
  const instants = instantsOf(exchange, start, end, frame);
  const equity = instants.map((at) => cents(approximateMoney(pastEquity(venue, replay(at), at))));
  return answer({
    timestamp: instants.map((at) => Math.floor(at / 1000)),
    equity,
    profit_loss: equity.map((value) => cents(value - base)),
    profit_loss_pct: equity.map((value) => (base === 0 ? 0 : value / base - 1)),
    base_value: base,
    base_value_asof: newYorkDate(start),
    timeframe: frame,
    cashflow: {},
  });
}
