import type { InferBody } from './codec/decode-request.ts';
import type { InferHead } from './infer-head.ts';

/**
 * Gathers a body whose length is known into its two parts. Each has memory of its own, so that tensors begin where
 * numbers of any size may, and nothing is copied again.
 */
export async function gatherBody(chunks: AsyncIterable<Uint8Array>, head: InferHead): Promise<InferBody> {
  const json = new Uint8Array(head.jsonBytes);
  const binary = new Uint8Array(head.binaryBytes);
  let at = 0;
  for await (const chunk of chunks) {
    const ofJson = chunk.subarray(0, Math.max(0, json.length - at));
    json.set(ofJson, Math.min(at, json.length));
    if (ofJson.length < chunk.length) binary.set(chunk.subarray(ofJson.length), at + ofJson.length - json.length);
    at += chunk.length;
  }
  return { json, binary };
}
