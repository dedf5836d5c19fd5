import { ProblemResponse } from '@collimator/shared/contracts/http-api';
import { validator } from '@collimator/shared/contracts/validate';
import { type ErrorCode, errorCatalogue } from '@collimator/shared/errors/catalogue';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { Agent, type Dispatcher, request } from 'undici';

/** Where a hub is and how it proves itself. `ca` is PEM text: only certificates that lead to it are accepted. */
export type HubEndpoint = {
  readonly url: string;
  readonly ca: string;
  readonly token?: string;
  readonly timeoutMs?: number;
};

const timeoutMsDefault = 30_000;
/** A hub answers with lists of at most this size; more is refused rather than read. */
const answerBytesMax = 64 * 1024 * 1024;

const problem = validator(ProblemResponse);

/** An agent that trusts this root only; its owner closes it. */
export const trustOnly = (ca: string, timeoutMs: number = timeoutMsDefault): Agent =>
  new Agent({
    connect: { ca, timeout: timeoutMs, minVersion: 'TLSv1.2' },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });

/** One request with a connection of its own. Throws a CodedError for everything that is not a 2xx answer. */
export async function requestHub(hub: HubEndpoint, method: Method, path: string, body?: unknown): Promise<unknown> {
  const agent = trustOnly(hub.ca, hub.timeoutMs);
  try {
    return await exchange(agent, hub, method, path, body);
  } finally {
    await agent.close();
  }
}

export type Method = 'GET' | 'POST' | 'DELETE';

export async function exchange(
  agent: Agent,
  hub: HubEndpoint,
  method: Method,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const answer = await send(agent, hub, method, path, body);
  const text = await readBounded(answer.body, hub.url + path);
  if (answer.statusCode >= 200 && answer.statusCode < 300) return text === '' ? undefined : parse(text, hub.url + path);
  throw refusal(answer.statusCode, text, hub.url + path);
}

/** Sends and returns the answer as it comes, for streams. The caller reads or destroys its body. */
export async function send(
  agent: Agent,
  hub: HubEndpoint,
  method: Method,
  path: string,
  body?: unknown,
): Promise<Dispatcher.ResponseData> {
  try {
    return await request(new URL(path, hub.url), {
      method,
      dispatcher: agent,
      headers: {
        ...(hub.token !== undefined && { authorization: `Bearer ${hub.token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch (error) {
    throw connectionError(error, hub.url);
  }
}

/** TLS failures are permanent and say so; everything else about a connection may pass. */
export function connectionError(error: unknown, url: string): CodedError {
  const cause = error as NodeJS.ErrnoException;
  const untrusted = /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ALTNAME/.test(cause.code ?? '');
  const detail = `${url} (${cause.code ?? cause.message})`;
  return new CodedError(untrusted ? 'hub-untrusted' : 'hub-unreachable', detail, { cause: error });
}

/** The hub's own reason where it gives one of our codes. */
export function refusal(status: number, text: string, where: string): CodedError {
  const told = problem.check(tryParse(text));
  if (!told.ok) return new CodedError('hub-answer-invalid', `${where} (status ${status})`);
  const { code, message } = told.value;
  if (!(code in errorCatalogue)) return new CodedError('hub-refused', `${code}: ${message}`);
  const known = code as ErrorCode;
  const { what } = errorCatalogue[known];
  return new CodedError(known, message.startsWith(`${what}: `) ? message.slice(what.length + 2) : message);
}

async function readBounded(body: AsyncIterable<Buffer>, where: string): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of body) {
      bytes += part.length;
      if (bytes > answerBytesMax)
        throw new CodedError('hub-answer-invalid', `${where}: more than ${answerBytesMax} bytes`);
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof CodedError ? error : connectionError(error, where);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parse(text: string, where: string): unknown {
  const value = tryParse(text);
  if (value === undefined) throw new CodedError('hub-answer-invalid', `${where}: not JSON`);
  return value;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller decides what that means.
    return undefined;
  }
}
