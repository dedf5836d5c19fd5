import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import { apiRefusal } from '@collimator/shared/contracts/quarantine-api';
import type { Validator } from '@collimator/shared/contracts/validate';
import { type ErrorCode, errorCatalogue } from '@collimator/shared/errors/catalogue';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Static, TSchema } from 'typebox';
import { reachAgent } from './reach-agent.ts';

/** A large object is read and hashed again before it is taken in. */
const timeoutMs = 600_000;

/**
 * Has the running agent do something. Throws what the agent refuses with, under its own code, and `agent-unreachable`
 * when it does not answer as it should.
 */
export async function tellAgent<S extends TSchema>(
  api: AgentConfig['local_api'],
  path: string,
  body: object,
  answer: Validator<S>,
): Promise<Static<S>> {
  const agent = reachAgent(api, path);
  const unreachable = (why: string, cause?: unknown) =>
    new CodedError('agent-unreachable', `${agent.url} (${why})`, { cause });
  let status: number;
  let said: unknown;
  try {
    const response = await agent.fetch({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = response.status;
    said = await response.json();
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw unreachable((cause as NodeJS.ErrnoException).code ?? (cause as Error).name, error);
  }
  if (status !== 200) throw refusalOf(said) ?? unreachable(`HTTP ${status}`);
  const checked = answer.check(said);
  if (!checked.ok) throw unreachable('another program answers there');
  return checked.value;
}

function refusalOf(said: unknown): CodedError | undefined {
  const refusal = apiRefusal.check(said);
  if (!refusal.ok || !(refusal.value.code in errorCatalogue)) return undefined;
  const code = refusal.value.code as ErrorCode;
  return new CodedError(code, refusal.value.message.replace(`${errorCatalogue[code].what}: `, ''));
}
