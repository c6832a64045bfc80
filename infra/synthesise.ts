/** Templates from descriptions. The deploy and the local house both come through here. */
import { Validations } from 'aws-cdk-lib';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeLeftOut } from '#infra/cloud/code-left-out.ts';
import { houseApp, STACK_KINDS, type StackKind, stackName } from '#infra/cloud/house-app.ts';
import type { EnvironmentName } from '#infra/environments.ts';
import { buildIdOf } from '#infra/source-hash.ts';

const PROJECT_ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

export interface SynthesisOptions {
  /** Whether the functions' code goes in. Without it no handler need exist, nothing is checked and nothing deploys. */
  readonly bundle: boolean;
  readonly outdir: string;
}

export interface SynthesisedStack {
  readonly kind: StackKind;
  readonly name: string;
  /** Where its template is, as JSON. */
  readonly templatePath: string;
}

/**
 * Writes the templates of one environment.
 * @returns its stacks, in the order of a deploy
 * @throws as `synthesiseAll`
 */
export const synthesise = (
  environment: EnvironmentName,
  options: SynthesisOptions,
): Promise<readonly SynthesisedStack[]> => synthesiseAll([environment], options);

/**
 * Writes the templates of several environments as one cloud assembly.
 * @throws BundleError when the code does not bundle, ChoiceError when the operator's choices are not readable, Error when
 * a template breaks one of cdk-nag's rules or CloudFormation's schemas.
 */
export async function synthesiseAll(
  environments: readonly EnvironmentName[],
  { bundle, outdir }: SynthesisOptions,
): Promise<readonly SynthesisedStack[]> {
  if (bundle) await writeWithCode(environments, outdir);
  else
    houseApp(environments, { buildId: buildIdOf(PROJECT_ROOT), outdir, codeOf: codeLeftOut, validate: false }).synth();
  return environments.flatMap((environment) =>
    STACK_KINDS.map((kind) => {
      const name = stackName(environment, kind);
      return { kind, name, templatePath: join(outdir, `${name}.template.json`) };
    }),
  );
}

async function writeWithCode(environments: readonly EnvironmentName[], outdir: string): Promise<void> {
  // Neither is needed for templates alone, and both take time to load.
  const { AwsSolutionsChecks } = await import('cdk-nag');
  const { bundleRooms } = await import('#infra/bundle.ts');
  const bundle = await bundleRooms(PROJECT_ROOT);
  try {
    const buildId = buildIdOf(PROJECT_ROOT);
    const app = houseApp(environments, { buildId, outdir, codeOf: bundle.codeOf, validate: true });
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    app.synth();
  } finally {
    bundle.remove();
  }
}
