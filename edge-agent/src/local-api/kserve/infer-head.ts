import type { IncomingHttpHeaders } from 'node:http';
import { ok, type Result } from '@collimator/shared/result';
import { type KserveRefusal, refuse } from './refusal.ts';

/** Lengths of the two parts of a body. */
export type InferHead = { readonly jsonBytes: number; readonly binaryBytes: number };
export type InferBounds = { readonly requestBytesMax: number; readonly jsonBytesMax: number };

/** The length of the JSON; what follows it are tensors (binary tensor data extension). */
export const JSON_LENGTH_HEADER = 'inference-header-content-length';

const lengthOf = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : NaN);

/** What the header lines of a request say of its body, before any of it is read or memory taken for it. */
export function readInferHead(headers: IncomingHttpHeaders, bounds: InferBounds): Result<InferHead, KserveRefusal> {
  const { 'content-length': length, 'content-encoding': encoding = 'identity', [JSON_LENGTH_HEADER]: json } = headers;
  if (encoding.toLowerCase() !== 'identity')
    return refuse(415, 'kserve-unsupported', 'a content encoding of the request');
  if (length === undefined) return refuse(411, 'kserve-length-required', 'there is no Content-Length');
  const bytes = lengthOf(length);
  const jsonBytes = json === undefined ? bytes : lengthOf(String(json));
  if (!(jsonBytes <= bytes))
    return refuse(400, 'kserve-malformed', 'Inference-Header-Content-Length is not within Content-Length');
  if (bytes > bounds.requestBytesMax)
    return refuse(413, 'kserve-too-large', `the body is longer than ${bounds.requestBytesMax} bytes`);
  if (jsonBytes > bounds.jsonBytesMax)
    return refuse(413, 'kserve-too-large', `its JSON is longer than ${bounds.jsonBytesMax} bytes`);
  return ok({ jsonBytes, binaryBytes: bytes - jsonBytes });
}
