/** The simulator's page: orders, positions and switches, as plain HTML that reloads itself. */
import {
  formatMoney,
  formatPrice,
  formatQuantity,
  averagePrice,
  roundMoney,
  ZERO_MONEY,
} from '#shared/core/kernel/decimal.ts';
import type { EpochMs } from '#shared/core/kernel/instant.ts';
import { accountFigures, markPrice } from '#shared/core/venue/account-figures.ts';
import { averageEntryPrice } from '#shared/core/venue/position-keeping.ts';
import type { VenueOrder } from '#shared/core/venue/venue-order.ts';
import type { Desk } from './desk.ts';
import { FAULTS } from './fault-catalogue.ts';
import type { House } from './house.ts';
import { newYorkSeconds } from './wire-time.ts';

const ORDERS_SHOWN = 40;
const RELOAD_SECONDS = 3;

const STYLE = `
:root{color-scheme:light dark;--line:#8883;--soft:#8881;--accent:#2f6fde}
*{box-sizing:border-box}
body{font:14px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1180px;padding:24px}
h1{font-size:20px;margin:0}
h2{font-size:13px;letter-spacing:.06em;text-transform:uppercase;opacity:.65;margin:28px 0 8px}
header{display:flex;gap:24px;align-items:baseline;flex-wrap:wrap}
dl{display:flex;gap:28px;margin:12px 0 0;flex-wrap:wrap}
dt{font-size:12px;opacity:.65}
dd{margin:0;font-size:18px;font-variant-numeric:tabular-nums}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--line);white-space:nowrap}
td.wrap{white-space:normal}
th{font-weight:600;font-size:12px;opacity:.65}
td.n,th.n{text-align:right}
tr:hover td{background:var(--soft)}
.scroll{overflow-x:auto}
.on{color:var(--accent);font-weight:600}
.none{opacity:.6}
button,input{font:inherit;padding:2px 8px;border:1px solid var(--line);border-radius:6px;background:transparent;color:inherit}
input{width:7em}
button{cursor:pointer}
form{display:flex;gap:6px;margin:0;justify-content:flex-end}
`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const safe = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

const cell = (text: string, kind = ''): string => `<td${kind === '' ? '' : ` class="${kind}"`}>${safe(text)}</td>`;
const head = (names: readonly string[]): string =>
  `<tr>${names.map((name) => `<th${name.startsWith('#') ? ' class="n"' : ''}>${safe(name.replace('#', ''))}</th>`).join('')}</tr>`;

const table = (names: readonly string[], rows: readonly string[], none: string): string =>
  rows.length === 0
    ? `<p class="none">${safe(none)}</p>`
    : `<div class="scroll"><table><thead>${head(names)}</thead><tbody>${rows.join('')}</tbody></table></div>`;

function orderRow(order: VenueOrder): string {
  const size =
    order.quantity === null ? `$${formatMoney(order.notional ?? ZERO_MONEY)}` : formatQuantity(order.quantity);
  const limits = [order.limitPrice, order.stopPrice].flatMap((price) => (price === null ? [] : [formatPrice(price)]));
  const average =
    order.filledQuantity === 0n
      ? ''
      : formatPrice(averagePrice(order.filledNotional, order.filledQuantity, 'half-even'));
  return `<tr>${[
    cell(String(order.number), 'n'),
    cell(order.ticker),
    cell(order.side),
    cell(`${order.type} ${order.timeInForce}`),
    cell(size, 'n'),
    cell(limits.join(' / '), 'n'),
    cell(formatQuantity(order.filledQuantity), 'n'),
    cell(average, 'n'),
    cell(order.status),
    cell(order.clientOrderId),
  ].join('')}</tr>`;
}

function deskSection(desk: Desk, now: EpochMs): string {
  const { venue } = desk;
  const figures = accountFigures(venue, now);
  const dollars = (value: Parameters<typeof roundMoney>[0]): string =>
    `$${formatMoney(roundMoney(value, 2, 'half-even'))}`;
  const orders = venue.state.orders.slice(-ORDERS_SHOWN).reverse().map(orderRow);
  const positions = [...venue.state.positions.values()].map((position) =>
    [
      `<tr>${cell(position.ticker)}`,
      cell(formatQuantity(position.quantity), 'n'),
      cell(formatPrice(averageEntryPrice(position)), 'n'),
      `${cell(formatPrice(markPrice(venue, position, now)), 'n')}</tr>`,
    ].join(''),
  );
  const facts = [
    ['Account', desk.accountNumber],
    ['Equity', dollars(figures.equity)],
    ['Cash', dollars(venue.state.cash)],
    ['Buying power', dollars(figures.buyingPower)],
    ['Orders', String(venue.state.orders.length)],
    ['Executions', String(venue.state.executions.length)],
  ] as const;
  return [
    `<dl>${facts.map(([name, value]) => `<div><dt>${safe(name)}</dt><dd>${safe(value)}</dd></div>`).join('')}</dl>`,
    '<h2>Positions</h2>',
    table(['Symbol', '#Quantity', '#Average', '#Last'], positions, 'No positions.'),
    '<h2>Orders, newest first</h2>',
    table(
      ['#No.', 'Symbol', 'Side', 'Type', '#Size', '#Limit / stop', '#Filled', '#Average', 'Status', 'Client order id'],
      orders,
      'No orders yet.',
    ),
  ].join('\n');
}

function faultRows(house: House): readonly string[] {
  const active = new Map(house.exchange.faults.active().map((fault) => [fault.name, fault]));
  return Object.entries(FAULTS).map(([name, definition]) => {
    const on = active.get(name);
    const state = on === undefined ? 'off' : `on, struck ${on.strikes} times`;
    const hidden = `<input type="hidden" name="fault" value="${safe(name)}">`;
    const controls =
      on === undefined
        ? `${hidden}<input name="probability" placeholder="probability" aria-label="probability"><input name="count" placeholder="count" aria-label="count"><button name="on" value="true">switch on</button>`
        : `${hidden}<button name="on" value="false">switch off</button>`;
    return `<tr>${cell(name)}${cell(definition.says, 'wrap')}<td class="${on === undefined ? 'none' : 'on'}">${safe(state)}</td><td><form method="post" action="/simulator/switch">${controls}</form></td></tr>`;
  });
}

export function renderPage(house: House): string {
  const { exchange } = house;
  const now = exchange.now();
  const streams = house.connections.counts().filter((stream) => stream.open);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Broker simulator</title><style>${STYLE}</style></head><body>
<header><h1>Broker simulator</h1><span>${safe(newYorkSeconds(now))}</span><span>${streams.length} open streams</span><span>${exchange.requestCount} requests</span></header>
${[...exchange.desks.values()].map((desk) => deskSection(desk, now)).join('\n')}
<h2>Faults</h2>
${table(['Fault', 'What it does', 'State', ''], faultRows(house), '')}
<script>setInterval(()=>{if(document.activeElement?.tagName!=='INPUT')location.reload()},${RELOAD_SECONDS * 1000})</script>
</body></html>
`;
}
