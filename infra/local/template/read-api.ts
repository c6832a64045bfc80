/** The HTTP API: routes with the function behind each, who may call it, and how often. */
import type * as z from 'zod';
import type { ApiPlan, AuthorizerPlan, CorsPlan, RoutePlan, ThrottlePlan } from './house-plan.ts';
import type { TemplateResolver } from './intrinsics.ts';
import type { KnownNames } from './known-names.ts';
import { READINGS } from './resource-readings.ts';
import { type StackTemplate, TemplateError } from './template-files.ts';
import { readResources, type ReadResource } from './template-reader.ts';

type Properties<K extends keyof typeof READINGS> = z.output<(typeof READINGS)[K]['schema']>;

/** @throws TemplateError for more than one API or stage, and for a route that leads nowhere. */
export function readApi(templates: readonly StackTemplate[], resolver: TemplateResolver, names: KnownNames): ApiPlan {
  const api = atMostOne(readResources(templates, resolver, READINGS.api), 'HTTP API');
  const stage = atMostOne(readResources(templates, resolver, READINGS.stage), 'stage of an HTTP API');
  if (api !== null && stage?.properties.StageName !== '$default') {
    throw new TemplateError(`${api.where}: the local house serves the stage $default only`);
  }
  const integrations = byRef(readResources(templates, resolver, READINGS.integration));
  const authorizers = byRef(readResources(templates, resolver, READINGS.authorizer));
  const routes = readResources(templates, resolver, READINGS.route).map(({ where, properties }): RoutePlan => {
    const integration = integrations.get(properties.Target.slice('integrations/'.length));
    if (integration === undefined) throw new TemplateError(`${where}: its target is no integration of these templates`);
    return {
      key: properties.RouteKey,
      functionName: names.expectFunction(integration.IntegrationUri, where),
      timeoutMs: integration.TimeoutInMillis,
      authorizer: readAuthorizer(properties, authorizers, where),
      scopes: properties.AuthorizationScopes,
      throttle: stage === null ? null : readThrottle(stage.properties, properties.RouteKey),
    };
  });
  return { routes, cors: readCors(api?.properties.CorsConfiguration) };
}

function atMostOne<P>(resources: readonly ReadResource<P>[], what: string): ReadResource<P> | null {
  const [first, second] = resources;
  if (second !== undefined) throw new TemplateError(`${second.where}: the local house serves one ${what}`);
  return first ?? null;
}

const byRef = <P>(resources: readonly ReadResource<P>[]): ReadonlyMap<string, P> =>
  new Map(resources.map(({ ref, properties }) => [ref, properties]));

function readAuthorizer(
  route: Properties<'route'>,
  authorizers: ReadonlyMap<string, Properties<'authorizer'>>,
  where: string,
): AuthorizerPlan | null {
  if (route.AuthorizationType === 'NONE') return null;
  const authorizer = route.AuthorizerId === undefined ? undefined : authorizers.get(route.AuthorizerId);
  if (authorizer === undefined) throw new TemplateError(`${where}: its authorizer is not in these templates`);
  return { issuer: authorizer.JwtConfiguration.Issuer, audience: authorizer.JwtConfiguration.Audience };
}

function readThrottle(stage: Properties<'stage'>, routeKey: string): ThrottlePlan | null {
  const settings = { ...stage.DefaultRouteSettings, ...stage.RouteSettings[routeKey] };
  const { ThrottlingRateLimit: requestsPerSecond, ThrottlingBurstLimit: burst } = settings;
  return requestsPerSecond === undefined || burst === undefined ? null : { requestsPerSecond, burst };
}

const readCors = (cors: Properties<'api'>['CorsConfiguration']): CorsPlan | null =>
  cors === undefined
    ? null
    : { allowOrigins: cors.AllowOrigins, allowMethods: cors.AllowMethods, allowHeaders: cors.AllowHeaders };
