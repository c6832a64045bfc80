/** The routes of the HTTP API, as the gateway needs them: the rows of the one table, in its order. */
import { INTERNAL_ROUTES, type Route, ROUTES as TABLE } from '#functions/control/routes.ts';

export type RouteRow = Pick<Route, 'method' | 'path' | 'room' | 'open'>;

export const ROUTES: readonly RouteRow[] = [...Object.values(TABLE), ...INTERNAL_ROUTES.map(([, row]) => row)];
