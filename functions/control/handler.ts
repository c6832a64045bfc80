/** The door of the control API. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as z from 'zod';
import { coldStart } from '#shared/runtime/cold-start.ts';
import { httpDoor, jsonAnswer, problemAnswer, rawBody } from '#shared/runtime/doors/http-door.ts';
import { problemOfRefusal } from '#shared/runtime/outcome.ts';
import { answerRequest } from './answer-request.ts';
import { wire } from './wiring.ts';

const authorized = z.object({ authorizer: z.object({ jwt: z.object({ claims: z.object({ sub: z.string() }) }) }) });

/** The subject of the token that the gateway has checked; an open route has none. */
function subjectOf(event: APIGatewayProxyEventV2): string | null {
  const read = authorized.safeParse(event.requestContext);
  return read.success ? read.data.authorizer.jwt.claims.sub : null;
}

export const handler = coldStart(() => {
  const dependencies = wire(process.env);
  const door = httpDoor(dependencies.telemetry, async (event) => {
    const answer = await answerRequest(dependencies, {
      route: event.routeKey,
      parameters: event.pathParameters ?? {},
      body: rawBody(event),
      subject: subjectOf(event),
      requestId: event.requestContext.requestId,
    });
    switch (answer.kind) {
      case 'json':
        return jsonAnswer(answer.status, answer.body);
      case 'refused':
        return problemAnswer(problemOfRefusal(answer.refusal));
      case 'no-such-route':
        return problemAnswer({
          type: 'urn:belay:problem:no-such-route',
          title: 'There is no such route',
          status: 404,
          code: 'no-such-route',
          detail: `${event.requestContext.http.method} ${event.rawPath} is not part of the API`,
        });
    }
  });
  return Promise.resolve(door);
});
