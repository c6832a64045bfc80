import { describe, expect, it } from 'vitest';
import { ERROR_CATALOGUE, isWireErrorCode } from '#infra/local/alpaca/error-catalogue.ts';
import { openRawDesk } from './raw-desk.ts';
import { REFUSAL_CASES } from './refusal-cases.ts';

const codes = Object.keys(REFUSAL_CASES).filter(isWireErrorCode);

describe('the broker', () => {
  it.each(codes.map((code) => [code, REFUSAL_CASES[code].when] as const))('answers with %s when %s', async (code) => {
    const { act, status, body, options } = REFUSAL_CASES[code];
    const desk = await openRawDesk(options);
    try {
      const answered = await act(desk);
      expect({ status: answered.status, body: answered.body }).toEqual({ status, body });
      expect(ERROR_CATALOGUE[code].status).toBe(status);
      if (status !== 207) expect(answered.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    } finally {
      await desk.close();
    }
  });

  it('takes no order that it refused: neither order nor id is used up', async () => {
    const desk = await openRawDesk();
    try {
      await desk.order({ client_order_id: 'again', qty: '0' });
      await desk.order({ client_order_id: 'again', qty: '100000' });
      expect((await desk.order({ client_order_id: 'again' })).status).toBe(200);
      expect(desk.broker.ledger().orders).toHaveLength(1);
    } finally {
      await desk.close();
    }
  });
});
