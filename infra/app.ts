/** The CDK app: all environments as one assembly, with their code, checked. */
import { ENVIRONMENT_NAMES } from '#infra/environments.ts';
import { synthesiseAll } from '#infra/synthesise.ts';

// The CDK command line says where it wants the assembly; on its own the app takes the place that cdk.json names.
await synthesiseAll(ENVIRONMENT_NAMES, { bundle: true, outdir: process.env['CDK_OUTDIR'] ?? 'cdk.out' });
