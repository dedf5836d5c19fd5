import type { Result } from '@collimator/shared/result';
import type { KserveRefusal } from '../refusal.ts';
import type { InferBody, InferQuestion, StageTensors } from './decode-request.ts';

/** What the codec's thread is asked; buffers of a request are transferred. */
export type CodecAsk =
  | { readonly id: number; readonly kind: 'decode'; readonly body: InferBody; readonly stage: StageTensors }
  | { readonly id: number; readonly kind: 'text'; readonly data: Float32Array };

export type CodecAnswer =
  | { readonly id: number; readonly kind: 'decoded'; readonly question: Result<InferQuestion, KserveRefusal> }
  | { readonly id: number; readonly kind: 'text'; readonly text: Uint8Array<ArrayBuffer> }
  | { readonly id: number; readonly kind: 'failed'; readonly code: string; readonly detail: string };
