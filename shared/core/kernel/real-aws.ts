/** On a person's own machine no call may reach the real cloud, whatever a setting or a queue's URL says. */
import { Fault } from './fault.ts';

const AWS_DOMAINS = ['amazonaws.com', 'amazonaws.com.cn', 'api.aws', 'on.aws'];

/**
 * Refuses a host of AWS, or a URL with one.
 * @throws Fault `permanent` with code "real-aws-refused" that names the host.
 */
export function refuseRealAws(hostOrUrl: string): void {
  const host = (URL.canParse(hostOrUrl) ? new URL(hostOrUrl).hostname : hostOrUrl).toLowerCase().replace(/\.$/, '');
  if (AWS_DOMAINS.some((domain) => host === domain || host.endsWith(`.${domain}`))) {
    const how = 'this process runs locally (BELAY_LOCAL=1); point AWS_ENDPOINT_URL_* at an emulator';
    throw new Fault('permanent', 'real-aws-refused', `refusing to call ${host}: ${how}`);
  }
}

/**
 * Middleware of an AWS client, for its step "finalizeRequest": holds the host that a request is about to go to
 * against refuseRealAws, after every rule that could have changed it.
 */
export const refuseRealAwsRequests =
  <Arguments extends { readonly request: unknown }, Answer>(next: (args: Arguments) => Promise<Answer>) =>
  async (args: Arguments): Promise<Answer> => {
    const { request } = args;
    if (typeof request !== 'object' || request === null || !('hostname' in request)) {
      throw new Fault('permanent', 'real-aws-refused', 'refusing a request whose host cannot be seen');
    }
    refuseRealAws(String(request.hostname));
    return next(args);
  };
