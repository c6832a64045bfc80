/** The trained models of a strategy, and which of them it trades by, as a person reads them. */
import Table from 'cli-table3';
import type * as z from 'zod';
import { type ApiOptions, askApi } from '#console/api-client.ts';
import { ROUTES, SCHEMAS } from '#functions/control/schemas.ts';
import { apiAccess } from './api-access.ts';
import type { AliasChange, Shown } from './model.ts';

type Listed = z.output<(typeof SCHEMAS)['getModels']['success']['body']>;
type Whole = z.output<(typeof SCHEMAS)['getModel']['success']['body']>;
type Active = z.output<(typeof SCHEMAS)['getActiveModel']['success']['body']>;

const share = (value: number): string => `${(value * 100).toFixed(1)} %`;
const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
};

const scoresOf = ({ log_loss: loss, accuracy, samples }: Whole['in_sample']): string =>
  `${share(accuracy)} right, log loss ${loss.toFixed(4)}, ${samples} rows`;

export function listText({ models }: Listed): string {
  if (models.length === 0) return 'no version was trained yet';
  return tableOf(
    ['version', 'active', 'trained on', 'in sample', 'out of sample'],
    models.map(({ version, unreadable, model }) =>
      model === null
        ? [version, '', `cannot be read: ${unreadable ?? 'nobody knows why'}`, '', '']
        : [
            version,
            model.active ? 'active' : '',
            `${model.trained_from} to ${model.trained_through}, ${model.symbols} symbols`,
            scoresOf(model.in_sample),
            model.out_of_sample === null ? 'too few rows' : scoresOf(model.out_of_sample),
          ],
    ),
  );
}

export function versionText(model: Whole): string {
  const facts = [
    ['version', `${model.version}${model.active ? ' (active)' : ''}`],
    ['trained on', `${model.trained_from} to ${model.trained_through}, policy ${model.policy_version}`],
    ['symbols', model.trained_on.join(' ')],
    ['features', `${model.feature_set.name}, hash ${model.feature_set.hash}`],
    ['label', `higher after ${model.horizon_sessions} sessions; L2 ${model.l2}`],
    ['fit', `${model.iterations} iterations${model.converged ? '' : ', did not converge'}`],
    ['in sample', scoresOf(model.in_sample)],
    [
      'out of sample',
      model.out_of_sample === null
        ? 'too few rows'
        : `${scoresOf(model.out_of_sample)}, of one trained through ${model.out_of_sample.trained_through}`,
    ],
    ['hashes', `rows ${model.rows_hash.slice(0, 16)}, weights ${model.weights_hash}`],
    ['made', model.created_at],
  ];
  const weights = model.features.map(({ name, weight, mean, scale }) => [name, weight, mean, scale]);
  return `${tableOf(['', ''], facts)}\n${tableOf(['feature', `weight (intercept ${model.intercept})`, 'mean', 'scale'], weights)}`;
}

export function activeText({ active, usable, unusable_because: why, last_use: use, history }: Active): string {
  const pinned = active?.pinned === true ? 'pinned by a person' : 'follows training';
  const lines = [
    active === null ? 'no version is active' : `${active.version}, ${pinned}, revision ${active.revision}`,
    usable ? 'entries may go by it' : `no entry may go by it: ${why ?? 'nobody knows why'}`,
    ...(use === null
      ? []
      : [`signals of ${use.session}: ${use.version ?? `none made by a model: ${use.reason ?? 'nobody knows why'}`}`]),
  ];
  const moves = history.map((move) => [
    String(move.revision),
    move.at,
    move.version,
    move.pinned ? 'pinned' : 'follows',
    move.by,
    move.reason,
  ]);
  const table = moves.length === 0 ? '' : `\n${tableOf(['move', 'at', 'to', '', 'by', 'because'], moves)}`;
  return `${lines.join('\n')}${table}`;
}

/** @param version pinned; null lets the alias follow training again. @throws ApiError where the API refuses. */
export function setActive(
  api: ApiOptions,
  strategy: string,
  version: string | null,
  { reason, expectedRevision }: AliasChange,
): Promise<Active> {
  const body = {
    pinned: version !== null,
    reason,
    ...(version === null ? {} : { version }),
    ...(expectedRevision === undefined ? {} : { expected_revision: expectedRevision }),
  };
  const params = { strategy_id: strategy };
  return askApi(api, ROUTES.setActiveModel, SCHEMAS.setActiveModel, { params, body });
}

const show = <T>(answer: T, { json }: Shown, text: (answer: T) => string): void =>
  console.log(json ? JSON.stringify(answer) : text(answer));

export async function list(strategy: string, options: Shown): Promise<void> {
  const asked = { params: { strategy_id: strategy } };
  show(await askApi(await apiAccess(process.env), ROUTES.getModels, SCHEMAS.getModels, asked), options, listText);
}

export async function look(strategy: string, version: string, options: Shown): Promise<void> {
  const asked = { params: { strategy_id: strategy, version } };
  show(await askApi(await apiAccess(process.env), ROUTES.getModel, SCHEMAS.getModel, asked), options, versionText);
}

export async function active(strategy: string, options: Shown): Promise<void> {
  const asked = { params: { strategy_id: strategy } };
  const answer = await askApi(await apiAccess(process.env), ROUTES.getActiveModel, SCHEMAS.getActiveModel, asked);
  show(answer, options, activeText);
}

export async function change(strategy: string, version: string | null, options: AliasChange & Shown): Promise<void> {
  show(await setActive(await apiAccess(process.env), strategy, version, options), options, activeText);
}
