/** The door of the control API. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as z from 'zod';
import { type Grant, grantOf, groupsOf, NO_GRANT } from '#shared/core/access/permissions.ts';
import { epochMs } from '#shared/core/kernel/instant.ts';
import { coldStart } from '#shared/runtime/cold-start.ts';
import { httpDoor, rawBody, textAnswer } from '#shared/runtime/doors/http-door.ts';
import type { RoomTelemetry } from '#shared/runtime/telemetry.ts';
import { answerRequest } from './answer-request.ts';
import type { ControlDependencies } from './operation.ts';
import { wire } from './wiring.ts';

const authorized = z.object({
  authorizer: z.object({ jwt: z.object({ claims: z.looseObject({ sub: z.string().min(1).max(128) }) }) }),
});

/** Who the token that the gateway has checked belongs to; an open route has none. */
function callerOf(event: APIGatewayProxyEventV2): { readonly subject: string | null; readonly grant: Grant } {
  const read = authorized.safeParse(event.requestContext);
  if (!read.success) return { subject: null, grant: NO_GRANT };
  const { claims } = read.data.authorizer.jwt;
  return { subject: claims.sub, grant: grantOf(groupsOf(claims['cognito:groups'])) };
}

const lowerCased = (headers: APIGatewayProxyEventV2['headers']): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

export const controlDoor = (dependencies: ControlDependencies & { readonly telemetry: RoomTelemetry }) =>
  httpDoor(dependencies.telemetry, async (event) => {
    const answer = await answerRequest(dependencies, {
      route: event.routeKey,
      line: { method: event.requestContext.http.method, path: event.rawPath, query: event.rawQueryString },
      parameters: event.pathParameters ?? {},
      query: event.queryStringParameters ?? {},
      headers: lowerCased(event.headers),
      body: rawBody(event),
      ...callerOf(event),
      requestId: event.requestContext.requestId,
      receivedAt: epochMs(event.requestContext.timeEpoch),
    });
    return textAnswer(answer.status, answer.mediaType, answer.body, answer.headers);
  });

export const handler = coldStart(async () => controlDoor(await wire(process.env)));
