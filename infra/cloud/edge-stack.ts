import { CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import {
  CfnStage,
  HttpApi,
  HttpMethod,
  HttpNoneAuthorizer,
  type HttpRoute,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUserPoolAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Construct } from 'constructs';
import { type FunctionRoom, makeRooms } from '#infra/cloud/constructs/function-room.ts';
import { HouseLog } from '#infra/cloud/constructs/house-log.ts';
import { People } from '#infra/cloud/constructs/people.ts';
import type { FlowStack } from '#infra/cloud/flow-stack.ts';
import type { HouseStackProps } from '#infra/cloud/house.ts';
import { ROOMS } from '#infra/cloud/rooms.ts';
import { type RouteRow, ROUTES } from '#infra/cloud/routes.ts';
import type { EnvironmentDescription } from '#infra/environments.ts';

export interface EdgeStackProps extends HouseStackProps {
  readonly flow: FlowStack;
}

/** What the outside reaches: the HTTP API, the people who may use it, and the broker's webhooks. */
export class EdgeStack extends Stack {
  readonly rooms: readonly FunctionRoom[];
  readonly stage: HttpStage;

  constructor(scope: Construct, id: string, props: EdgeStackProps) {
    super(scope, id, props);
    const { settings, flow } = props;
    const people = new People(this, 'People', { environment: settings.environment });
    const rows = ROOMS.filter((row) => row.stack === 'edge');
    this.rooms = makeRooms(this, rows, settings, flow.parts);
    const api = new HttpApi(this, 'Api', {
      description: `Belay ${settings.environment.name}`,
      createDefaultStage: false,
    });
    const routes = this.#routes(api, people);
    this.stage = this.#stage(api, routes, settings.environment);
    new CfnOutput(this, 'ApiUrl', { value: api.apiEndpoint, description: 'Base address of the HTTP API' });
  }

  #routes(api: HttpApi, people: People): readonly HttpRoute[] {
    const authorizer = new HttpUserPoolAuthorizer('Authorizer', people.pool, { userPoolClients: [people.client] });
    const integrations = new Map(
      this.rooms.map((room) => [room.row.room, new HttpLambdaIntegration(`${room.row.id}Integration`, room.lambda)]),
    );
    return ROUTES.flatMap((row) => {
      const integration = integrations.get(row.room);
      if (integration === undefined) throw new TypeError(`${row.path}: no room ${row.room} at the edge`);
      const made = api.addRoutes({
        path: row.path,
        methods: [methodOf(row)],
        integration,
        authorizer: row.open === null ? authorizer : new HttpNoneAuthorizer(),
      });
      if (row.open !== null) {
        for (const route of made)
          Validations.of(route).acknowledge({ id: 'AwsSolutions-APIG4', reason: row.open.because });
      }
      return made;
    });
  }

  #stage(api: HttpApi, routes: readonly HttpRoute[], environment: EnvironmentDescription): HttpStage {
    const log = new HouseLog(this, 'AccessLog', environment);
    const stage = new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      detailedMetricsEnabled: true,
      throttle: { rateLimit: environment.requestRateMax, burstLimit: environment.requestBurstMax },
      accessLogSettings: { destination: new LogGroupLogDestination(log) },
    });
    const resource = stage.node.defaultChild;
    if (!(resource instanceof CfnStage)) throw new TypeError('the stage makes no stage');
    resource.routeSettings = Object.fromEntries(
      ROUTES.flatMap(({ method, path, open }) =>
        // In the template's own spelling: the settings of one route pass through CDK as they are.
        open === null
          ? []
          : [
              [
                `${method} ${path}`,
                {
                  ThrottlingRateLimit: open.rateMax,
                  ThrottlingBurstLimit: open.burstMax,
                  DetailedMetricsEnabled: true,
                },
              ],
            ],
      ),
    );
    // Settings name routes, which must be there first.
    for (const route of routes) stage.node.addDependency(route);
    return stage;
  }
}

const methodOf = (row: RouteRow): HttpMethod => {
  switch (row.method) {
    case 'GET':
      return HttpMethod.GET;
    case 'POST':
      return HttpMethod.POST;
    case 'PUT':
      return HttpMethod.PUT;
    case 'DELETE':
      return HttpMethod.DELETE;
    case 'ANY':
      return HttpMethod.ANY;
  }
};
