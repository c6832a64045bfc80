/** `belay internal-token`: the header of one call from service to service, for trying one out by hand. */
import { Command } from 'commander';
import type { CallOptions } from './sign-call.ts';

export const internalTokenCommand = (): Command =>
  new Command('internal-token')
    .description('print the Authorization header of one call from service to service')
    .argument('<call>', 'method and path, such as "GET /internal/v1/positions"')
    .option('--service <name>', 'who calls', 'operator')
    .option('--body <file>', 'the file that holds the body, byte for byte')
    .action(async (call: string, options: CallOptions) => {
      const { signCall } = await import('./sign-call.ts');
      console.log(await signCall(call, options));
    });
