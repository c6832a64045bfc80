import { describe, expect, it } from 'vitest';
import { INTERNAL_ROUTES } from '#functions/control/routes.ts';
import { ROUTES } from '#infra/cloud/routes.ts';
import { houseUnderTest } from '#infra/cloud/templates-under-test.ts';

const house = houseUnderTest('live');
const routes = house.ofType('AWS::ApiGatewayV2::Route').map(({ props }) => props);
const INTERNAL = INTERNAL_ROUTES.map(([, { method, path }]) => `${method} ${path}`);
const OPEN_ROUTES = [
  'GET /',
  'GET /api/v1/docs',
  'GET /api/v1/openapi.json',
  'POST /api/v1/webhooks/orders',
  ...INTERNAL,
].sort();
const [stage] = house.ofType('AWS::ApiGatewayV2::Stage');

describe('the HTTP API', () => {
  it('serves the routes of the table', () => {
    expect(routes.map((route) => route.at('RouteKey').text).sort()).toEqual(
      ROUTES.map(({ method, path }) => `${method} ${path}`).sort(),
    );
  });

  it('asks for a token on every route but the greeting, the documentation and those that are signed', () => {
    const open = routes.filter((route) => route.at('AuthorizationType').text !== 'JWT');
    expect(open.map((route) => route.at('RouteKey').text).sort()).toEqual(OPEN_ROUTES);
    const [authorizer, second] = house.ofType('AWS::ApiGatewayV2::Authorizer');
    expect(second).toBeUndefined();
    for (const route of routes.filter((each) => !open.includes(each))) {
      expect(route.at('AuthorizerId', 'Ref').text).toBe(authorizer?.logicalId);
    }
    expect(authorizer?.props.at('AuthorizerType').text).toBe('JWT');
    expect(authorizer?.props.at('JwtConfiguration', 'Issuer').json).toContain(
      'https://cognito-idp.us-east-1.amazonaws.com/',
    );
    expect(authorizer?.props.at('JwtConfiguration', 'Audience', 0, 'Ref').text).toMatch(/^PeoplePoolClient/);
  });

  it('brings webhooks to the webhook room and all else to control', () => {
    const integrations = new Map(
      house
        .ofType('AWS::ApiGatewayV2::Integration')
        .map(({ logicalId, props }) => [logicalId, props.at('IntegrationUri', 'Fn::GetAtt', 0).text]),
    );
    for (const route of routes) {
      const target = integrations.get(route.at('Target', 'Fn::Join', 1, 1, 'Ref').text);
      const isWebhook = route.at('RouteKey').text.includes('/webhooks/');
      expect(target).toMatch(isWebhook ? /^WebhookFunction/ : /^ControlFunction/);
    }
  });

  it('is throttled, as a whole and on each open route, and logged', () => {
    expect(stage?.props.at('DefaultRouteSettings', 'ThrottlingRateLimit').number).toBe(20);
    expect(stage?.props.at('DefaultRouteSettings', 'ThrottlingBurstLimit').number).toBe(40);
    const ofRoutes = stage?.props.at('RouteSettings').entries ?? [];
    expect(ofRoutes.map(([key]) => key).sort()).toEqual(OPEN_ROUTES);
    for (const [, settings] of ofRoutes) {
      expect(settings.at('ThrottlingRateLimit').number).toBeGreaterThan(0);
      expect(settings.at('ThrottlingBurstLimit').number).toBeGreaterThan(0);
    }
    expect(stage?.props.at('AccessLogSettings', 'DestinationArn').json).toContain('AccessLog');
  });
});

describe('people', () => {
  const [pool] = house.ofType('AWS::Cognito::UserPool');

  it('are let in by an administrator, with a second factor, and are not lost with the stack', () => {
    expect(pool?.props.at('AdminCreateUserConfig', 'AllowAdminCreateUserOnly').value).toBe(true);
    expect(pool?.props.at('MfaConfiguration').text).toBe('ON');
    expect(pool?.props.at('DeletionProtection').text).toBe('ACTIVE');
    expect(pool?.body.at('DeletionPolicy').text).toBe('Retain');
  });

  it('have one of four roles, of which the strongest wins', () => {
    const roles = house
      .ofType('AWS::Cognito::UserPoolGroup')
      .map(({ props }) => [props.at('GroupName').text, props.at('Precedence').number] as const)
      .sort((a, b) => a[1] - b[1]);
    expect(roles).toEqual([
      ['admin', 1],
      ['operator', 2],
      ['trader', 3],
      ['viewer', 4],
    ]);
  });
});

describe('what a deploy tells', () => {
  it.each([
    [
      'state',
      [
        'TableSafetyName',
        'TableOrdersName',
        'TableBooksName',
        'TableMarketName',
        'TableJournalName',
        'SecretBrokerId',
        'SecretWebhookId',
        'SecretInternalId',
      ],
    ],
    ['flow', ['QueueOrdersUrl', 'QueueUrgentUrl', 'EventBusName']],
    ['edge', ['ApiUrl']],
    ['watch', ['AlarmTopicArn', 'DashboardName']],
  ] as const)('holds what the command line asks of %s', (kind, names) => {
    for (const name of names) expect(Object.keys(house.stacks[kind].findOutputs(name))).toEqual([name]);
  });

  it('holds the user pool and its client', () => {
    const outputs = Object.keys(house.stacks.edge.findOutputs('*'));
    expect(outputs.filter((name) => /UserPoolId/.test(name))).toHaveLength(1);
    expect(outputs.filter((name) => /UserPoolClientId/.test(name))).toHaveLength(1);
  });
});
