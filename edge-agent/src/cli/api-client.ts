import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Validator } from '@collimator/shared/contracts/validate';
import type { Static, TSchema } from 'typebox';
import { reachAgent } from './reach-agent.ts';

/** The agent is on the same machine: an answer takes milliseconds or does not come. */
const timeoutMs = 5_000;

/**
 * Asks the running agent. Throws `agent-unreachable` when it does not answer as it should.
 *
 * @param change the body of a request that changes something (POST)
 * @param absent makes the error of a 404, where that is an answer
 */
export async function askAgent<S extends TSchema>(
  api: AgentConfig['local_api'],
  path: string,
  answer: Validator<S>,
  { absent, change }: { readonly absent?: () => CodedError; readonly change?: object } = {},
): Promise<Static<S>> {
  const agent = reachAgent(api, path);
  const unreachable = (why: string, cause?: unknown) =>
    new CodedError('agent-unreachable', `${agent.url} (${why})`, { cause });
  let body: unknown;
  try {
    const response = await agent.fetch({
      signal: AbortSignal.timeout(timeoutMs),
      ...(change !== undefined && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(change),
      }),
    });
    if (response.status === 404 && absent !== undefined) throw absent();
    if (!response.ok) throw unreachable(`HTTP ${response.status}`);
    body = await response.json();
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw unreachable((cause as NodeJS.ErrnoException).code ?? (cause as Error).name, error);
  }
  const checked = answer.check(body);
  if (!checked.ok) throw unreachable('another program answers there');
  return checked.value;
}
