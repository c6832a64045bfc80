/** A place in a list as an opaque text. A text that is none, or not as it was made, is refused before anybody looks. */

export const cursorOf = (place: string): string => Buffer.from(place, 'utf8').toString('base64url');
/** False for bytes that are no text: read as one they would grow, beyond what a key may be. */
export const isCursor = (cursor: string): boolean => cursorOf(placeOf(cursor)) === cursor;
export const placeOf = (cursor: string): string => Buffer.from(cursor, 'base64url').toString('utf8');
