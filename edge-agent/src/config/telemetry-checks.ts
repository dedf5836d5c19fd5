import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { Problem } from '@collimator/shared/contracts/validate';
import { isLoopback } from './loopback.ts';

type Telemetry = AgentConfig['telemetry'];

/** What the schema cannot say of telemetry. */
export function telemetryChecks({ traces }: Telemetry): Problem[] {
  if (traces === undefined) return [];
  const path = 'telemetry.traces.endpoint';
  const url = URL.canParse(traces.endpoint) ? new URL(traces.endpoint) : undefined;
  if (url === undefined) return [{ path, what: 'is no URL' }];
  const problems: Problem[] = [];
  if (url.username !== '' || url.password !== '')
    problems.push({ path, what: 'holds a secret; put it into telemetry.traces.headers_file' });
  if (url.protocol === 'http:' && !isLoopback(url.hostname.replaceAll(/[[\]]/g, '')))
    problems.push({ path, what: `is not https; ${url.hostname} is another machine` });
  if (url.pathname === '/') problems.push({ path, what: 'has no path; collectors take traces at /v1/traces' });
  return problems;
}

/** Files that must open, with the keys that name them. */
export const telemetryFiles = ({ traces }: Telemetry): (readonly [string, string | undefined])[] => [
  ['telemetry.traces.ca', traces?.ca],
];

/** Files with a secret, which nobody else may read. */
export const telemetrySecrets = ({ traces }: Telemetry): (readonly [string, string])[] =>
  traces?.headers_file === undefined ? [] : [['telemetry.traces.headers_file', traces.headers_file]];
