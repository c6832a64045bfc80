/** Renders the tables of docs/concepts/broker-simulator.md from what the code and its tests declare. */
import { ERROR_CATALOGUE, isWireErrorCode } from '#infra/local/alpaca/error-catalogue.ts';
import { FAULTS, isFaultName } from '#infra/local/alpaca/fault-catalogue.ts';
import { REFUSAL_CASES } from './refusal-cases.ts';
import { SIMULATOR_RULES } from './simulator-rules.ts';

const GRADES = {
  O: 'observed',
  D: 'documented',
  I: 'reported',
  T: 'seen in tests of others',
  own: 'this simulator’s own',
} as const;

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(heads), row(heads.map(() => '---')), ...rows.map(row)].join('\n');

function rulesSection(): string {
  const parts = Object.entries(SIMULATOR_RULES).map(([title, rules]) => {
    const rows = rules.map(({ rule, file, test }) => [rule, `\`${file}\`: ${test}`]);
    return `### ${title}\n\n${table(['rule', 'held by'], rows)}`;
  });
  return parts.join('\n\n');
}

function errorsSection(): string {
  const rows = Object.keys(ERROR_CATALOGUE)
    .filter(isWireErrorCode)
    .map((code) => {
      const { status, code: number, message, grade, fields } = ERROR_CATALOGUE[code];
      const extra = fields === undefined || fields.length === 0 ? '' : ` with ${fields.join(', ')}`;
      return [
        String(status),
        number === null ? '' : String(number),
        `\`${message}\`${extra}`,
        GRADES[grade],
        `answers with ${code} when ${REFUSAL_CASES[code].when}`,
      ];
    });
  return table(['HTTP', 'code', 'text', 'known as', 'held by `tests/venue/refusals.test.ts`'], rows);
}

function faultsSection(): string {
  const rows = Object.keys(FAULTS)
    .filter(isFaultName)
    .map((name) => {
      const parameters = Object.entries(FAULTS[name].parameters).map(([key, value]) => `\`${key}\` ${String(value)}`);
      return [`\`${name}\``, FAULTS[name].says, parameters.join(', ')];
    });
  return table(['fault', 'what it does', 'parameters and their defaults'], rows);
}

/** The generated parts of the page, by the name in their markers. */
const SECTIONS: Readonly<Record<string, () => string>> = {
  rules: rulesSection,
  errors: errorsSection,
  faults: faultsSection,
};

/** The page with its generated parts made anew. @throws Error when a part's markers are missing. */
export function renderedPage(page: string): string {
  return Object.entries(SECTIONS).reduce((text, [name, render]) => {
    const [open, close] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
    const [start, end] = [text.indexOf(open), text.indexOf(close)];
    if (start === -1 || end < start) throw new Error(`the page lacks the markers of ${name}`);
    return `${text.slice(0, start + open.length)}\n${render()}\n${text.slice(end)}`;
  }, page);
}
