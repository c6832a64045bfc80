/** Pictures of a report as SVG text: lines, bars and steps over sessions. No script and nothing from elsewhere. */

const WIDTH = 960;
const HEIGHT = 240;
const LEFT = 76;
const BOTTOM = 24;
const TOP = 12;

export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign);

export interface LineChart {
  readonly title: string;
  /** Names of the points, in order; the first and the last are written below the chart. */
  readonly labels: readonly string[];
  readonly values: readonly number[];
  readonly format: (value: number) => string;
  readonly tone: 'gain' | 'loss' | 'plain';
  /** Fills down to zero instead of drawing a line alone. */
  readonly filled?: boolean;
}

const frame = (title: string, body: string): string =>
  `<figure><figcaption>${escaped(title)}</figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">${body}</svg></figure>`;

interface Scale {
  readonly x: (index: number) => number;
  readonly y: (value: number) => number;
  readonly grid: string;
}

/** Five levels, and the names of both ends. */
function scaleOf(labels: readonly string[], low: number, high: number, format: (value: number) => string): Scale {
  const span = high > low ? high - low : 1;
  const x = (index: number): number => LEFT + ((WIDTH - LEFT - 8) * index) / Math.max(1, labels.length - 1);
  const y = (value: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / span);
  const levels = [0, 1, 2, 3, 4].map((step) => low + (span * step) / 4);
  const lines = levels.map(
    (level) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - 8}" y1="${y(level).toFixed(1)}" y2="${y(level).toFixed(1)}"/>` +
      `<text x="${LEFT - 6}" y="${(y(level) + 4).toFixed(1)}" text-anchor="end">${escaped(format(level))}</text>`,
  );
  const ends =
    `<text x="${LEFT}" y="${HEIGHT - 6}">${escaped(labels[0] ?? '')}</text>` +
    `<text x="${WIDTH - 8}" y="${HEIGHT - 6}" text-anchor="end">${escaped(labels.at(-1) ?? '')}</text>`;
  return { x, y, grid: lines.join('') + ends };
}

export function lineChart({ title, labels, values, format, tone, filled = false }: LineChart): string {
  const low = Math.min(...values, ...(filled ? [0] : []));
  const high = Math.max(...values, ...(filled ? [0] : []));
  const { x, y, grid } = scaleOf(labels, low, high, format);
  const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  const line = `<polyline class="${tone}" points="${points.join(' ')}"/>`;
  if (!filled) return frame(title, grid + line);
  const base = y(0).toFixed(1);
  const ends = [`${x(0).toFixed(1)},${base}`, ...points, `${x(values.length - 1).toFixed(1)},${base}`];
  return frame(title, `${grid}<polygon class="${tone} area" points="${ends.join(' ')}"/>${line}`);
}

/** Upright bars about zero, green above and red below. */
export function barChart(
  title: string,
  labels: readonly string[],
  values: readonly number[],
  format: (value: number) => string,
): string {
  const { y, grid } = scaleOf(labels, Math.min(0, ...values), Math.max(0, ...values), format);
  const step = (WIDTH - LEFT - 8) / Math.max(1, values.length);
  const bars = values.map((value, index) => {
    const [top, bottom] = [y(Math.max(0, value)), y(Math.min(0, value))];
    const place = `x="${(LEFT + step * (index + 0.1)).toFixed(1)}" y="${top.toFixed(1)}"`;
    const size = `width="${(step * 0.8).toFixed(1)}" height="${Math.max(0.5, bottom - top).toFixed(1)}"`;
    const name = `${labels[index] ?? ''}: ${format(value)}`;
    return `<rect class="${value < 0 ? 'loss' : 'gain'} bar" ${place} ${size}><title>${escaped(name)}</title></rect>`;
  });
  return frame(title, grid + bars.join(''));
}

/** One lying bar for each stage, as long as what was left after it; lengths by the square root, so that few still show. */
export function stageChart(title: string, stages: readonly { readonly name: string; readonly left: number }[]): string {
  const most = Math.max(1, ...stages.map(({ left }) => left));
  const step = (HEIGHT - TOP) / Math.max(1, stages.length);
  const rows = stages.map(({ name, left }, index) => {
    const length = Math.sqrt(left / most) * (WIDTH - LEFT - 120);
    const y = TOP + step * index;
    const middle = (y + step / 2 + 3).toFixed(1);
    return (
      `<text x="${LEFT + 10}" y="${middle}" text-anchor="end">${escaped(name)}</text>` +
      `<rect class="plain bar" x="${LEFT + 16}" y="${y.toFixed(1)}" width="${length.toFixed(1)}" height="${(step * 0.75).toFixed(1)}"/>` +
      `<text x="${(LEFT + 22 + length).toFixed(1)}" y="${middle}">${left.toLocaleString('en-US')}</text>`
    );
  });
  return frame(title, rows.join(''));
}
