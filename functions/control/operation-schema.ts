/** What goes into an operation and what comes out of it. */
import * as z from 'zod';

/** A JSON answer, or a page of text of the media type. */
export interface Success<R extends z.ZodType = z.ZodType> {
  readonly status: 200 | 202;
  readonly mediaType: string;
  readonly body: R;
}

export interface OperationSchema {
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** `NO_BODY` where none is taken. */
  readonly body: z.ZodType;
  readonly success: Success;
}

const NOTHING = z.strictObject({});
/** An operation without a body ignores nothing: a body that is sent to it is refused. */
export const NO_BODY = z.undefined({ error: 'expected no body' });

/** An operation that takes nothing; spread and overwritten by those that do. */
export const TAKES_NOTHING = { params: NOTHING, query: NOTHING, body: NO_BODY } as const;

export const json = <R extends z.ZodType>(body: R, status: 200 | 202 = 200): Success<R> => ({
  status,
  mediaType: 'application/json',
  body,
});

export const page = (mediaType: string): Success<z.ZodString> => ({ status: 200, mediaType, body: z.string() });
