/** A function's first invocation builds what it is made of; the later ones find it. */

/**
 * @param make builds the door; when it fails, the invocation fails with it and the next one tries again
 */
export function coldStart<Event, Context, Answer>(
  make: () => Promise<(event: Event, context: Context) => Promise<Answer>>,
): (event: Event, context: Context) => Promise<Answer> {
  let building: Promise<(event: Event, context: Context) => Promise<Answer>> | null = null;
  return async (event, context) => {
    building ??= make();
    try {
      const door = await building;
      return await door(event, context);
    } catch (thrown) {
      const failedToBuild = await building.then(
        () => false,
        () => true,
      );
      if (failedToBuild) building = null;
      throw thrown;
    }
  };
}
