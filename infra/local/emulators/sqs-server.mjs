// Run by sqs.ts as a process of its own, in plain Node so that it starts without a loader. The package's own command
// listens on every interface and gives out URLs of a host that resolves nowhere; here both are the loopback alone.
import { buildApp } from 'fauxqs';
import { keepMessages } from './queue-journal.mjs';

const { SqsStore } = await import(new URL('sqs/sqsStore.js', import.meta.resolve('fauxqs')).href);
const sqsStore = new SqsStore();
// Without a host of its own a queue's URL is http://127.0.0.1:PORT/000000000000/NAME, as it was asked for.
sqsStore.host = '';

const app = buildApp({ logger: false, stores: { sqsStore } });
const [, , port = '0', keptIn] = process.argv;
if (keptIn !== undefined) keepMessages(app, keptIn);
try {
  const address = await app.listen({ port: Number(port), host: '127.0.0.1' });
  process.stdout.write(`listening on ${address}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(0));
