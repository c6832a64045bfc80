/** Making commands and reading them back from a lane or a row. */
import * as z from 'zod';
import { type AnyCommand, COMMANDS, type CommandData, type CommandType } from '#events/catalogue.ts';
import { type Command, type CommandMeta, commandMeta } from '#events/envelope.ts';

const definitionOf = (type: CommandType): (typeof COMMANDS)[number] => {
  const found = COMMANDS.find((definition) => definition.type === type);
  if (found === undefined) throw new RangeError(`${type} is not in the catalogue`);
  return found;
};

/** @throws ZodError when the data does not fit the command's schema. */
export function makeCommand<T extends CommandType>(
  type: T,
  meta: CommandMeta,
  data: CommandData<T>,
): Command<T, CommandData<T>> {
  definitionOf(type).data.parse(data);
  return { type, meta, data };
}

const envelope = z.strictObject({ type: z.string(), meta: commandMeta, data: z.unknown() });
const commandType = z.enum(COMMANDS.map((definition) => definition.type));

/** Reads a command as it came. @throws ZodError when it is not in the catalogue or its data does not fit. */
export function readCommand(body: unknown): AnyCommand {
  const read = envelope.parse(body);
  const type = commandType.parse(read.type);
  const command: Command = { type, meta: read.meta, data: definitionOf(type).data.parse(read.data) };
  if (!isKnown(command)) throw new RangeError(`${read.type} is not in the catalogue`);
  return command;
}

/** The data was parsed by the definition of this very type just before. */
const isKnown = (command: Command): command is AnyCommand =>
  COMMANDS.some((definition) => definition.type === command.type);
