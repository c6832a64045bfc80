import { describe, expect, it } from 'vitest';
import { Fault } from './fault.ts';
import { refuseRealAws, refuseRealAwsRequests } from './real-aws.ts';

describe('refuseRealAws', () => {
  it('refuses every host of AWS, however it is written', () => {
    for (const target of [
      'amazonaws.com',
      'dynamodb.us-east-1.amazonaws.com',
      'DynamoDB.us-east-1.AmazonAWS.com.',
      'https://sqs.us-east-1.amazonaws.com/123456789012/orders.fifo',
      'https://sqs.cn-north-1.amazonaws.com.cn/1/q',
      'events.us-east-1.api.aws',
      'abc.lambda-url.us-east-1.on.aws',
    ]) {
      expect(() => refuseRealAws(target)).toThrow(Fault);
    }
  });

  it('lets the loopback and any other emulator pass', () => {
    for (const target of [
      '127.0.0.1',
      'http://localhost:4566',
      'http://amazonaws.com.localhost:1',
      'notamazonaws.com',
    ]) {
      expect(() => refuseRealAws(target)).not.toThrow();
    }
  });
});

describe('refuseRealAwsRequests', () => {
  const call = refuseRealAwsRequests(() => Promise.resolve('sent'));

  it('sends to an emulator and refuses AWS, and what it cannot see', async () => {
    expect(await call({ request: { hostname: '127.0.0.1' } })).toBe('sent');
    await expect(call({ request: { hostname: 'sqs.us-east-1.amazonaws.com' } })).rejects.toMatchObject({
      kind: 'permanent',
      code: 'real-aws-refused',
    });
    await expect(call({ request: {} })).rejects.toThrow('whose host cannot be seen');
  });
});
