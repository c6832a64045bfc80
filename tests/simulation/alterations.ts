/**
 * Where a world is put together, and where it can be put together wrongly: a planted bug replaces a part of a room as it
 * is assembled, so that the product carries no hook for it.
 */
import type { ExecuteDependencies } from '#functions/execute/sender.ts';
import type { ListenDependencies } from '#functions/listen/hold-stream.ts';
import type { OrchestrateDependencies } from '#functions/orchestrate/orchestrate-run.ts';
import type { ProtectDependencies } from '#functions/protect/look.ts';
import type { ReconcileDependencies } from '#functions/reconcile/pass.ts';
import type { Wire } from './broker-side.ts';
import type { Tables } from '#shared/ports/tables.ts';

export interface Alterations {
  /** The tables as a room has them. */
  readonly tables?: (tables: Tables, room: string) => Tables;
  /** The wire to the broker as a process has it. */
  readonly wire?: (wire: Wire) => Wire;
  readonly execute?: (room: ExecuteDependencies, tables: Tables) => ExecuteDependencies;
  readonly reconcile?: (room: ReconcileDependencies, tables: Tables) => ReconcileDependencies;
  readonly protect?: (room: ProtectDependencies) => ProtectDependencies;
  readonly listen?: (room: ListenDependencies, tables: Tables) => ListenDependencies;
  readonly orchestrate?: (room: OrchestrateDependencies, tables: Tables) => OrchestrateDependencies;
  /** The deduplication id under which a message is put on its lane. */
  readonly dedupId?: (dedupId: string, body: string, nowMs: number) => string;
}

export const AS_BUILT: Alterations = {};
