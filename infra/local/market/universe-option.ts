/** The flag `--universe`, read alike by every command that has it. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readUniverseChoice, type UniverseChoice } from './universe-choice.ts';

const HELP = 'static (the 36), a CSV file of symbols, or dynamic:<n> (the n most traded, anew after each session)';

function choice(text: string): UniverseChoice {
  try {
    return readUniverseChoice(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

export const universeOption = (): Option => new Option('--universe <source>', HELP).argParser(choice);

/**
 * A universe says its symbols itself; only made-up data has to be told how many candidates a dynamic one has.
 * @throws CommanderError
 */
export function refuseSymbolsBeside(command: Command): void {
  const { universe, data } = command.opts<{ readonly universe?: UniverseChoice; readonly data: string }>();
  if (universe === undefined || command.getOptionValueSource('symbols') !== 'cli') return;
  if (universe.kind === 'dynamic' && data === 'synthetic') return;
  command.error('error: --symbols and --universe: expected one of them');
}
