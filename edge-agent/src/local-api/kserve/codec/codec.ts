import { Worker } from 'node:worker_threads';
import { entryFile } from '@collimator/shared/entry';
import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Result } from '@collimator/shared/result';
import type { KserveRefusal } from '../refusal.ts';
import type { CodecAnswer, CodecAsk } from './codec-protocol.ts';
import { decodeRequest, type InferBody, type InferQuestion, type StageTensors } from './decode-request.ts';
import { numbersText } from './encode-response.ts';

/**
 * Reads requests and writes numbers as text. Where that takes long, a thread of its own does it, so that images go on
 * being received at the same time; what it is asked at a time is bounded by who asks.
 */
export type Codec = {
  /** The body's buffers may be gone afterwards. */
  decode(body: InferBody, stage: StageTensors): Promise<Result<InferQuestion, KserveRefusal>>;
  /** @throws CodedError `inference-output-invalid` */
  text(data: Float32Array): Promise<Uint8Array>;
  close(): Promise<void>;
};

/** Up to here it takes less than a millisecond, which is less than asking the thread. */
const HERE = { jsonBytesMax: 8_192, binaryBytesMax: 262_144, elementsMax: 1_024 };
/** A request whose JSON takes more is given up with all that the thread had. */
const HEAP_MB_MAX = 1_024;

type Waiting = { readonly resolve: (answer: CodecAnswer) => void; readonly reject: (error: Error) => void };
type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;

export function createCodec(here = HERE): Codec {
  const waiting = new Map<number, Waiting>();
  let thread: Worker | undefined;
  let last = 0;

  function start(): Worker {
    const worker = new Worker(entryFile(import.meta.url, './codec-thread.js'), {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    });
    worker.unref();
    const ended = (error: Error): void => {
      // The next request starts another one.
      if (thread === worker) thread = undefined;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    worker.on('message', (answer: CodecAnswer) => {
      waiting.get(answer.id)?.resolve(answer);
      waiting.delete(answer.id);
    });
    worker.on('error', ended);
    worker.on('exit', (code) => ended(new Error(`the thread of the codec has ended (${code})`)));
    return worker;
  }

  const ask = (question: WithoutId<CodecAsk>, moved: readonly ArrayBuffer[]): Promise<CodecAnswer> =>
    new Promise((resolve, reject) => {
      thread ??= start();
      last += 1;
      waiting.set(last, { resolve, reject });
      thread.postMessage({ ...question, id: last } satisfies CodecAsk, [...moved]);
    });

  return {
    async decode(body, stage) {
      const { json, binary } = body;
      if (json.length <= here.jsonBytesMax && binary.length <= here.binaryBytesMax) return decodeRequest(body, stage);
      const { inputs, outputs, batch_sizes } = stage;
      const tensors: StageTensors = { inputs, outputs, batch_sizes };
      const answer = await ask({ kind: 'decode', body, stage: tensors }, [json.buffer, binary.buffer]);
      if (answer.kind === 'decoded') return answer.question;
      throw unexpected(answer);
    },
    async text(data) {
      if (data.length <= here.elementsMax) return numbersText(data);
      const answer = await ask({ kind: 'text', data }, []);
      if (answer.kind === 'text') return answer.text;
      throw unexpected(answer);
    },
    async close() {
      await thread?.terminate();
    },
  };
}

const unexpected = (answer: CodecAnswer): Error =>
  answer.kind === 'failed'
    ? new CodedError(answer.code as ErrorCode, answer.detail)
    : new Error(`the thread of the codec answered with ${answer.kind}`);
