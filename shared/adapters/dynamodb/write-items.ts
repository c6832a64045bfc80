/** Writes as DynamoDB's items of a transaction; a single write is the same item sent by itself. */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { invariant } from '#shared/core/kernel/fault.ts';
import type { TransactWrite } from '#shared/ports/tables.ts';
import { toAttributeKey, toAttributeMap } from './attribute-values.ts';
import { conditionExpression, Placeholders, updateExpression } from './expressions.ts';

/** @throws Bug for a check without conditions or an update without a change. */
export function writeItem(write: TransactWrite, physicalName: string): TransactWriteItem {
  const placeholders = new Placeholders();
  const ConditionExpression = conditionExpression(write.conditions, placeholders);
  // The item as it was found comes back with a refusal, so that the conditions can be named one by one.
  const base = { TableName: physicalName, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
  const condition = ConditionExpression === undefined ? {} : { ConditionExpression };
  switch (write.kind) {
    case 'put':
      return { Put: { ...base, ...condition, Item: toAttributeMap(write.item), ...placeholders.request() } };
    case 'update': {
      const target = { Key: toAttributeKey(write.key), UpdateExpression: updateExpression(write, placeholders) };
      return { Update: { ...base, ...condition, ...target, ...placeholders.request() } };
    }
    case 'delete':
      return { Delete: { ...base, ...condition, Key: toAttributeKey(write.key), ...placeholders.request() } };
    case 'check': {
      invariant(ConditionExpression !== undefined, `a check of ${write.table} has no condition`);
      const target = { Key: toAttributeKey(write.key), ConditionExpression };
      return { ConditionCheck: { ...base, ...target, ...placeholders.request() } };
    }
  }
}
