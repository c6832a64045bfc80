/** `npm run lint:api`: the OpenAPI document, held to the rules of an outside linter. */
import { openApiDocument } from '#functions/control/openapi.ts';
import { lintDocument } from './lint-document.ts';

const { errors, warnings, problems } = lintDocument(openApiDocument('lint'));
for (const problem of problems) console.log(problem);
console.log(`the OpenAPI document: ${errors} errors, ${warnings} warnings`);
process.exitCode = errors + warnings === 0 ? 0 : 1;
