/** The CDK app: all environments as one assembly, with their code, checked. */
import { ENVIRONMENT_NAMES } from '#infra/environments.ts';
import { synthesiseAll } from '#infra/synthesise.ts';

// The CDK command line says where it wants the assembly; on its own the app takes the place that cdk.json names.
const outdir = process.env['CDK_OUTDIR'] ?? 'cdk.out';
const stacks = await synthesiseAll(ENVIRONMENT_NAMES, { bundle: true, outdir });
console.error(`${stacks.length} stacks in ${outdir}: ${ENVIRONMENT_NAMES.join(', ')}`);
