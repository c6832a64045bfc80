/** Secrets that are given. */
import { Fault } from '#shared/core/kernel/fault.ts';
import type { Secrets } from '#shared/ports/secrets.ts';

export function memorySecrets(texts: Readonly<Record<string, string>>): Secrets {
  return {
    async read(id) {
      const text = Object.hasOwn(texts, id) ? texts[id] : undefined;
      if (text === undefined) throw new Fault('permanent', 'secrets-refused', `there is no secret ${id}`);
      return text;
    },
  };
}
