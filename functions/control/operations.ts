/** The work behind each operation of the table of routes. An operation without one is a type error. */
import { backfillFills, generateSignals, runReconciliation } from './ask-rooms.ts';
import { cancelAllOrders, cancelOrder } from './cancel-orders.ts';
import {
  getFatFingerThresholds,
  getPolicy,
  getPolicyDiff,
  getPolicyVersions,
  putFatFingerThresholds,
  putPolicy,
  rollBackPolicy,
} from './change-policy.ts';
import {
  armLive,
  disableStrategy,
  disengageKillSwitch,
  enableStrategy,
  engageKillSwitch,
  getCircuitBreaker,
  getCircuitBreakerHistory,
  getKillSwitch,
  getOrphans,
  getQuarantine,
  getStrategies,
  getStrategy,
  liftQuarantine,
  resetCircuitBreaker,
  tripCircuitBreaker,
} from './change-safety.ts';
import { adjustPosition, closePosition, flattenAll } from './close-positions.ts';
import { adoptOrphan, cancelOrphan, dismissOrphan, forceReconciliation } from './decide-orphans.ts';
import { DOCS_POLICY, docsPage } from './docs-page.ts';
import { openApiDocument } from './openapi.ts';
import { giveUpOrder } from './give-up-order.ts';
import { getActiveModel, getModel, getModels, setActiveModel } from './manage-models.ts';
import { done, operation, type Operation } from './operation.ts';
import { getHealth } from './read-health.ts';
import { getConfig, getRoot } from './read-house.ts';
import { getMetrics } from './read-metrics.ts';
import { getFunnel, getJournal } from './read-journal.ts';
import { getWhy } from './read-why.ts';
import { getReconciliation } from './read-reconciliation.ts';
import { getOrder, getPendingOrders, getRecentFills } from './read-orders.ts';
import { getDailyPerformance } from './read-performance.ts';
import { getPositions, getRealtimePnl } from './read-positions.ts';
import { READING_SCHEMAS } from './reading-schemas.ts';
import { submitManualOrder, submitOrder } from './request-order.ts';
import { restatePosition } from './restate-position.ts';
import type { ControlOperation } from './routes.ts';
import { cancelSlices, getSlices, sliceOrder } from './slice-orders.ts';

const getOpenApi = operation(READING_SCHEMAS.getOpenApi, ({ build }) => Promise.resolve(done(openApiDocument(build))));
const getDocs = operation(READING_SCHEMAS.getDocs, ({ build }) =>
  Promise.resolve(done(docsPage(build), { 'content-security-policy': DOCS_POLICY })),
);

export const OPERATIONS = {
  getRoot,
  getHealth,
  getMetrics,
  getConfig,
  getOpenApi,
  getDocs,
  getStrategies,
  getStrategy,
  getModels,
  getModel,
  getActiveModel,
  setActiveModel,
  enableStrategy,
  disableStrategy,
  getKillSwitch,
  engageKillSwitch,
  disengageKillSwitch,
  getCircuitBreaker,
  getCircuitBreakerHistory,
  tripCircuitBreaker,
  resetCircuitBreaker,
  armLive,
  getReconciliation,
  runReconciliation,
  backfillFills,
  generateSignals,
  forceReconciliation,
  submitOrder,
  submitManualOrder,
  getPendingOrders,
  getRecentFills,
  cancelAllOrders,
  sliceOrder,
  getSlices,
  cancelSlices,
  getOrder,
  cancelOrder,
  getPositions,
  getRealtimePnl,
  closePosition,
  adjustPosition,
  flattenAll,
  getDailyPerformance,
  getFunnel,
  getWhy,
  getFatFingerThresholds,
  putFatFingerThresholds,
  getPolicy,
  putPolicy,
  getPolicyDiff,
  getPolicyVersions,
  rollBackPolicy,
  getQuarantine,
  liftQuarantine,
  giveUpOrder,
  restatePosition,
  getOrphans,
  adoptOrphan,
  cancelOrphan,
  dismissOrphan,
  getJournal,
} satisfies Readonly<Record<ControlOperation, Operation>>;
