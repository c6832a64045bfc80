/** One member of the crew: leads the worlds that it is given, and says what came of them. */
import { leadWorlds } from './campaign.ts';
import { crewOrder } from './crew-orders.ts';
import { plantNamed } from './plants.ts';

process.on('message', (message) => {
  const { seeds, plant } = crewOrder.parse(message);
  leadWorlds(seeds, plant === null ? {} : { alterations: plantNamed(plant).alterations, untilCaught: true }).then(
    (findings) => process.send?.(findings),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
});
