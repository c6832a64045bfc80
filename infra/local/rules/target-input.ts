/** What a rule's target gets: the event, or what the rule's input transformer makes of it. */
import type { TargetInput } from '#infra/local/template/house-plan.ts';

/** The value at a path such as "$.detail.symbol"; undefined when the event has none. */
function valueAt(path: string, event: unknown): unknown {
  let value = event;
  for (const field of path.split('.').slice(1)) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
  }
  return value;
}

/** Whether a position of a JSON text lies within a string. */
function isInString(text: string, position: number): boolean {
  let inside = false;
  for (let index = 0; index < position; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '"') inside = !inside;
  }
  return inside;
}

/** As EventBridge fills its templates in: a bare name becomes a JSON value, one within quotes becomes part of the text. */
export function inputText(input: TargetInput | null, event: unknown): string {
  if (input === null) return JSON.stringify(event);
  const { template, paths } = input;
  return template.replaceAll(/<([^<>]+)>/g, (whole: string, name: string, position: number) => {
    const path = paths[name];
    if (path === undefined) return whole;
    const value = valueAt(path, event);
    if (!isInString(template, position)) return JSON.stringify(value ?? null);
    const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
    return JSON.stringify(text).slice(1, -1);
  });
}
