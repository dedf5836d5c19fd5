import type { ServerResponse } from 'node:http';
import type { EncodedResponse } from './codec/encode-response.ts';
import { JSON_LENGTH_HEADER } from './infer-head.ts';
import { type KserveRefusal, refusalAnswer } from './refusal.ts';

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: readonly Uint8Array[];
};

export function textAnswer(refusal: KserveRefusal): Answer {
  const { status, headers, body } = refusalAnswer(refusal);
  return { status, headers, pieces: [Buffer.from(body)] };
}

/** What follows the JSON are tensors; how long that is, a header line says. */
export function tensorAnswer({ json, jsonBytes, binary, binaryBytes }: EncodedResponse): Answer {
  const headers =
    binaryBytes === 0
      ? { 'content-type': 'application/json' }
      : { 'content-type': 'application/octet-stream', [JSON_LENGTH_HEADER]: String(jsonBytes) };
  return { status: 200, headers, pieces: [...json, ...binary] };
}

/**
 * A program that reads nothing of its answer for so long is given up.
 *
 * @returns bytes of the body, and whether they all went out in the end
 */
export function sendAnswer(
  response: ServerResponse,
  { status, headers, pieces }: Answer,
  idle_ms: number,
): { readonly bytes: number; readonly sent: Promise<boolean> } {
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  const { socket } = response;
  response.setTimeout(idle_ms, () => response.destroy());
  response.writeHead(status, { ...headers, 'content-length': String(bytes) });
  const written = pieces.map(
    (piece) =>
      new Promise<boolean>((resolve) => {
        // What was cut off is called back too, without an error; only its socket tells.
        response.write(piece, () => resolve(socket?.destroyed === false));
      }),
  );
  response.end();
  return { bytes, sent: Promise.all(written).then((all) => all.every(Boolean)) };
}
