/** `belay model`: what can be asked for, and what each wants to be told. */
import { Command, InvalidArgumentError } from 'commander';

export interface AliasChange {
  readonly reason: string;
  readonly expectedRevision?: number;
}

export interface Shown {
  readonly json: boolean;
}

function revision(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected the number of a revision.');
  return Number(text);
}

const STRATEGY = ['<strategy>', 'such as ml-momentum'] as const;
const JSON_FLAG = ['--json', 'print the answer of the API as one JSON line', false] as const;
const REASON = ['--reason <text>', 'why; it is journaled'] as const;
const REVISION = [
  '--expected-revision <n>',
  'refuse it where somebody else has moved the alias since',
  revision,
] as const;

export function modelCommand(): Command {
  const model = new Command('model')
    .description('the trained models of a strategy, over the API of a house')
    .exitOverride();
  model
    .command('list')
    .description('the versions, newest training first')
    .argument(...STRATEGY)
    .option(...JSON_FLAG)
    .action(async (strategy: string, options: Shown) => {
      const { list } = await import('./models.ts');
      await list(strategy, options);
    });
  model
    .command('show')
    .description('one version, with its weights')
    .argument(...STRATEGY)
    .argument('<version>')
    .option(...JSON_FLAG)
    .action(async (strategy: string, version: string, options: Shown) => {
      const { look } = await import('./models.ts');
      await look(strategy, version, options);
    });
  model
    .command('active')
    .description('the version that is traded by, and who moved it when')
    .argument(...STRATEGY)
    .option(...JSON_FLAG)
    .action(async (strategy: string, options: Shown) => {
      const { active } = await import('./models.ts');
      await active(strategy, options);
    });
  model
    .command('pin')
    .description('trade by a version from now on, an earlier one too; training does not move it')
    .argument(...STRATEGY)
    .argument('<version>')
    .requiredOption(...REASON)
    .option(...REVISION)
    .option(...JSON_FLAG)
    .action(async (strategy: string, version: string, options: AliasChange & Shown) => {
      const { change } = await import('./models.ts');
      await change(strategy, version, options);
    });
  model
    .command('follow')
    .description('let the alias follow training again, from the next signals on')
    .argument(...STRATEGY)
    .requiredOption(...REASON)
    .option(...REVISION)
    .option(...JSON_FLAG)
    .action(async (strategy: string, options: AliasChange & Shown) => {
      const { change } = await import('./models.ts');
      await change(strategy, null, options);
    });
  return model;
}
