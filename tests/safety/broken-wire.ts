/** The wire to the broker, broken where a test says so. What is not broken goes over the real socket. */

export interface WireRule {
  readonly method?: string;
  /** Of the path, such as /^\/v2\/orders$/. */
  readonly path: RegExp;
  /**
   * page: a proxy's page, and the request went nowhere. never: nothing is carried out and nothing answers. silent: it is
   * carried out and nothing answers. Else the answer's JSON as the broker might have written it.
   */
  readonly answer:
    | { readonly kind: 'page'; readonly status: number }
    | { readonly kind: 'never' | 'silent' }
    | { readonly kind: 'changed'; readonly change: (text: string) => string };
}

const rulesOf = new Map<string, readonly WireRule[]>();

/** Puts the requests to one broker under these rules. */
export const breakWire = (origin: string, rules: readonly WireRule[]): void => {
  rulesOf.set(origin, rules);
};

/**
 * What a caller sees whose patience is over. It is over at once: how long it is, is the adapter's own and tested there,
 * and nothing here is to depend on how fast the machine is.
 */
const givenUp = (): DOMException => new DOMException('The operation was aborted due to timeout', 'TimeoutError');

async function answered(rule: WireRule, real: typeof fetch, input: URL, init: RequestInit): Promise<Response> {
  const { answer } = rule;
  switch (answer.kind) {
    case 'page':
      return new Response('<html>the proxy has no answer</html>', {
        status: answer.status,
        headers: { 'content-type': 'text/html' },
      });
    case 'never':
      throw givenUp();
    case 'silent':
      await real(input, init);
      throw givenUp();
    case 'changed': {
      const response = await real(input, init);
      const text = answer.change(await response.text());
      return new Response(response.status === 204 ? null : text, {
        status: response.status,
        headers: response.headers,
      });
    }
  }
}

/** Stands in front of every request of this process. @returns what takes it back */
export function interceptWire(): () => void {
  const real = globalThis.fetch;
  globalThis.fetch = async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    const method = init.method ?? 'GET';
    const rule = (rulesOf.get(url.origin) ?? []).find(
      (one) => one.path.test(url.pathname) && (one.method === undefined || one.method === method),
    );
    return rule === undefined ? await real(input, init) : await answered(rule, real, url, init);
  };
  return () => {
    globalThis.fetch = real;
    rulesOf.clear();
  };
}
