/** A place in a list as an opaque text. A text that nobody made leads to some place of the list, and to no error. */

export const cursorOf = (place: string): string => Buffer.from(place, 'utf8').toString('base64url');
export const placeOf = (cursor: string): string => Buffer.from(cursor, 'base64url').toString('utf8');
