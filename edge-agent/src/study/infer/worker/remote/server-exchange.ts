import type { RemoteServer } from '@collimator/shared/contracts/agent-config';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { After } from '../../../../timers.ts';
import type { Answer, Post, Transport } from './https-transport.ts';
import { pause_ms } from './retry.ts';
import { type StatusFailure, statusFailure } from './status-failure.ts';

export type ExchangeDeps = { readonly after: After; readonly now: () => number };

/** Asks a model server: status 200, or an error; what may pass is tried again, within the bounds of the configuration. */
export type ServerExchange = {
  get(path: string): Promise<Answer>;
  /** The answer to a path that not every server has; undefined for 404. */
  find(path: string): Promise<Answer | undefined>;
  post(path: string, post: Post, answerBytesMax: number): Promise<Answer>;
  /** How many exchanges failed in transport so far: what was known of the server before is not known any more. */
  breaks(): number;
  close(): Promise<void>;
};

/** Metadata of a model; those of ensembles with many tensors are some 100 KiB. */
const METADATA_BYTES_MAX = 4_194_304;

export function createServerExchange(server: RemoteServer, transport: Transport, deps: ExchangeDeps): ServerExchange {
  let broken = 0;
  const sleep = (delay_ms: number): Promise<void> => new Promise((resolve) => void deps.after(delay_ms, resolve));

  async function once(path: string, bytesMax: number, post?: Post): Promise<Answer | StatusFailure> {
    try {
      const answer = await transport.exchange(path, bytesMax, post);
      return statusFailure(answer, deps.now()) ?? answer;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      broken += 1;
      return { error };
    }
  }

  async function ask(path: string, bytesMax: number, post?: Post): Promise<Answer> {
    for (let attempts = 1; ; attempts++) {
      const answer = await once(path, bytesMax, post);
      if ('body' in answer) return answer;
      const wait_ms = pause_ms(answer.error, attempts, server.retry, answer.retryAfter_ms);
      if (wait_ms === undefined) throw answer.error;
      await sleep(wait_ms);
    }
  }

  return {
    get: (path) => ask(path, METADATA_BYTES_MAX),
    async find(path) {
      try {
        return await ask(path, METADATA_BYTES_MAX);
      } catch (error) {
        if (error instanceof CodedError && error.code === 'remote-model-missing') return undefined;
        throw error;
      }
    },
    post: (path, post, answerBytesMax) => ask(path, answerBytesMax, post),
    breaks: () => broken,
    close: () => transport.close(),
  };
}
