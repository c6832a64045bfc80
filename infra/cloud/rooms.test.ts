import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type RoomRow, ROOMS } from '#infra/cloud/rooms.ts';
import { TABLE_NAMES } from '#shared/ports/table-catalogue.ts';
import { METRICS } from '#shared/runtime/metric-names.ts';
import { ALPACA_SETTING_NAMES } from '#shared/wiring/alpaca-account.ts';

/** What a room's grants give it, by the names of its environment variables. */
const granted = (rows: readonly RoomRow[]): readonly string[] => [
  ...TABLE_NAMES.filter((name) => rows.some((row) => (row.tables[name] ?? []).length > 0)).map(
    (name) => `TABLE_${name.toUpperCase()}`,
  ),
  ...new Set(rows.flatMap((row) => row.sends.map((name) => `QUEUE_${name.toUpperCase()}_URL`))),
  ...new Set(rows.flatMap((row) => row.secrets.map((name) => `SECRET_${name.toUpperCase()}_ID`))),
  ...(rows.some((row) => row.speaks) ? ['EVENT_BUS_NAME'] : []),
  ...(rows.some((row) => row.slices) ? ['WAKE_GROUP', 'WAKE_ROLE_ARN'] : []),
  ...(rows.some((row) => row.broker)
    ? ['ALPACA_BASE_URL', 'ALPACA_DATA_URL', 'ALPACA_PAPER', 'ALPACA_STREAM_URL']
    : []),
];

/** The variables of that kind that a wiring names. */
const read = (wiring: string): readonly string[] => [
  ...new Set([
    ...[...wiring.matchAll(/'((?:TABLE|QUEUE|SECRET|ALPACA|WAKE)_[A-Z_]+|EVENT_BUS_NAME)'/g)].map(
      (match) => match[1] ?? '',
    ),
    ...(wiring.includes('...ALPACA_SETTING_NAMES') ? ALPACA_SETTING_NAMES : []),
  ]),
];

describe('the room table', () => {
  const rooms = [...new Set(ROOMS.map((row) => row.room))];

  it('has a row for every room that has a handler, and a handler for every row', () => {
    const built = readdirSync('functions').filter((room) => existsSync(`functions/${room}/handler.ts`));
    expect([...rooms].sort()).toEqual(built.sort());
  });

  it.each(rooms)('grants %s what its wiring reads, and nothing else', (room) => {
    const wiring = readFileSync(`functions/${room}/wiring.ts`, 'utf8');
    const rows = ROOMS.filter((row) => row.room === room);
    expect([...granted(rows)].sort()).toEqual([...read(wiring)].sort());
  });

  it.each(ROOMS)('invokes an export of the handler: $id', ({ room, entry }) => {
    expect(readFileSync(`functions/${room}/handler.ts`, 'utf8')).toMatch(new RegExp(`^export const ${entry} = `, 'm'));
  });
});

describe('the metrics', () => {
  const sources = new Map(
    readdirSync('functions').map((room) => [
      room,
      readdirSync(`functions/${room}`)
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
        .map((file) => readFileSync(`functions/${room}/${file}`, 'utf8'))
        .join('\n'),
    ]),
  );

  it.each(METRICS)('$name is written by the rooms that the list names, and by no other', ({ name, rooms }) => {
    const writers = [...sources].filter(([, source]) => source.includes(`'${name}'`)).map(([room]) => room);
    expect(writers.sort()).toEqual([...rooms].sort());
  });
});
