// Run by sqs.ts as a process of its own, in plain Node so that it starts without a loader. The package's own command
// listens on every interface; here it is the loopback alone.
import { buildApp } from 'fauxqs';

const port = Number(process.argv[2] ?? '0');
const app = buildApp({ logger: false });
try {
  const address = await app.listen({ port, host: '127.0.0.1' });
  process.stdout.write(`listening on ${address}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(0));
