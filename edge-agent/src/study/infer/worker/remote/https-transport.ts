import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import type { RemoteServer } from '@collimator/shared/contracts/agent-config';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { Agent, type Dispatcher, request } from 'undici';
import { bcp195 } from '../../../../dimse/index.ts';
import type { After } from '../../../../timers.ts';
import { transportFailure } from './transport-failure.ts';

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer };

export type Post = { readonly contentType: string; readonly headers?: Record<string, string>; readonly body: Buffer };

/** One connection to a model server, made when it is needed and kept. Whatever status the server answers with is an answer. */
export type Transport = {
  /**
   * @param path begins with a slash and follows the path of the server's url
   * @param answerBytesMax a longer answer is an error
   * @throws CodedError `remote-unreachable`, `remote-untrusted`, `remote-timeout`, `remote-cut`, `remote-answer-invalid`,
   * `remote-secret-unreadable`
   */
  exchange(path: string, answerBytesMax: number, post?: Post): Promise<Answer>;
  close(): Promise<void>;
};

/**
 * HTTPS to a model server: TLS 1.2 or 1.3 with the authority that the configuration names and with no other, a client
 * certificate and a token where they are given. Plain HTTP only to this machine, and only where that was asked for.
 * After a failure the connection and the files of its certificates are taken anew, the token is read for every request.
 */
export function openTransport(server: RemoteServer, after: After): Transport {
  const url = new URL(server.url);
  if (url.protocol !== 'https:' && !(server.insecure_loopback && isLoopbackHost(url.hostname)))
    throw new CodedError('remote-untrusted', `${url.origin} is not https`);
  const base = server.url.replace(/\/+$/, '');
  let agent: Agent | undefined;

  async function send(
    path: string,
    answerBytesMax: number,
    post: Post | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const authorization = server.token_file === undefined ? undefined : `Bearer ${await secretIn(server.token_file)}`;
    agent ??= await openAgent(server);
    const response = await request(`${base}${path}`, {
      dispatcher: agent,
      signal,
      method: post === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json, application/octet-stream',
        'accept-encoding': 'identity',
        ...(authorization !== undefined && { authorization }),
        ...(post !== undefined && { 'content-type': post.contentType, ...post.headers }),
      },
      ...(post !== undefined && { body: post.body }),
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      body: await wholeBody(response.body, answerBytesMax),
    };
  }

  async function drop(): Promise<void> {
    const old = agent;
    agent = undefined;
    await old?.destroy();
  }

  return {
    async exchange(path, answerBytesMax, post) {
      const late = new AbortController();
      // The agent's own timeouts are of silence; a server that drips would never be too late for them.
      const cancel = after(server.timeouts.response_s * 1000, () => late.abort());
      try {
        return await send(path, answerBytesMax, post, late.signal);
      } catch (error) {
        await drop();
        if (error instanceof CodedError) throw error;
        throw transportFailure(error, url.host, late.signal.aborted);
      } finally {
        cancel();
      }
    },
    close: drop,
  };
}

/** Whether a host of a url is this machine and no other. */
export const isLoopbackHost = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);

async function openAgent({ tls, timeouts }: RemoteServer): Promise<Agent> {
  const read = async (file: string | undefined): Promise<Buffer | undefined> =>
    file === undefined ? undefined : await fileOf(file);
  const [ca, cert, key] = await Promise.all([read(tls?.ca), read(tls?.certificate), read(tls?.key)]);
  const response_ms = timeouts.response_s * 1000;
  return new Agent({
    connections: 1,
    pipelining: 1,
    headersTimeout: response_ms,
    bodyTimeout: response_ms,
    connect: {
      ...bcp195,
      timeout: timeouts.connect_s * 1000,
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    },
  });
}

const secretIn = async (file: string): Promise<string> => (await fileOf(file)).toString('utf8').replace(/\r?\n$/, '');

async function fileOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CodedError('remote-secret-unreadable', `${file} (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

async function wholeBody(body: Dispatcher.ResponseData['body'], bytesMax: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > bytesMax) throw new CodedError('remote-answer-invalid', `it is longer than ${bytesMax} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
