/** API Gateway's choice of a route: the most exact path first, then greedy ones, then $default. */
import type { RoutePlan } from '#infra/local/template/house-plan.ts';

export interface RouteMatch {
  readonly route: RoutePlan;
  readonly pathParameters: Readonly<Record<string, string>>;
}

interface Candidate extends RouteMatch {
  /** Segments that are written out; greedy paths count as less than any other. */
  readonly exactness: number;
}

const segmentsOf = (path: string): readonly string[] => path.split('/').filter((segment) => segment !== '');

/** @returns null when no route fits, which is a 404. */
export function matchRoute(routes: readonly RoutePlan[], method: string, path: string): RouteMatch | null {
  const candidates = routes.flatMap((route) => matchOne(route, method, path) ?? []);
  let best: Candidate | null = null;
  for (const candidate of candidates) if (best === null || candidate.exactness > best.exactness) best = candidate;
  return best;
}

function matchOne(route: RoutePlan, method: string, path: string): Candidate | null {
  if (route.key === '$default') return { route, pathParameters: {}, exactness: -1_000 };
  const [wantedMethod, template = ''] = route.key.split(' ');
  if (wantedMethod !== 'ANY' && wantedMethod !== method) return null;
  const matched = matchPath(segmentsOf(template), segmentsOf(path));
  // With the same path, a method that is written out goes before ANY.
  return matched === null
    ? null
    : { route, ...matched, exactness: matched.exactness + (wantedMethod === 'ANY' ? 0 : 0.5) };
}

function matchPath(
  template: readonly string[],
  path: readonly string[],
): { readonly pathParameters: Readonly<Record<string, string>>; readonly exactness: number } | null {
  const pathParameters: Record<string, string> = {};
  let exactness = 0;
  for (const [index, segment] of template.entries()) {
    const [, name, greedy] = /^\{([^+}]+)(\+?)\}$/.exec(segment) ?? [];
    const given = path[index];
    if (given === undefined) return null;
    if (name === undefined) {
      if (segment !== given) return null;
      exactness += 1;
    } else if (greedy === '+') {
      pathParameters[name] = path.slice(index).map(decode).join('/');
      return { pathParameters, exactness: exactness - 100 };
    } else {
      pathParameters[name] = decode(given);
    }
  }
  return template.length === path.length ? { pathParameters, exactness } : null;
}

/** A path that is not well encoded is taken as it stands. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
