import { Code } from 'aws-cdk-lib/aws-lambda';

/** Stands where code would: who deploys a template without code gets functions that say so. */
export const codeLeftOut = (): Code =>
  Code.fromInline("throw new Error('synthesised without its code: deploy what npm run synth makes');");
