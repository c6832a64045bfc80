/** Run by cached-assembly.ts as a process of its own: writes the templates of dev, without code, into a directory. */
import { synthesise } from '#infra/synthesise.ts';

const outdir = process.argv[2];
if (outdir === undefined) throw new Error('expected the directory to write to');
await synthesise('dev', { bundle: false, outdir });
