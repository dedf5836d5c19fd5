import type { IncomingMessage, ServerResponse } from 'node:http';

export type EarlyAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** What is still read of a body that nobody wants: who sees the answer only after sending gets to see it. */
export type Linger = { readonly bytesMax: number; readonly msMax: number };
const lingerUsual: Linger = { bytesMax: 4 * 1024 * 1024, msMax: 2_000 };

/**
 * Answers a request whose body has not been read, or not to its end, and closes the connection. A socket that is closed
 * with unread bytes is reset, and a reset can overtake the answer; so a bounded rest is read past first.
 */
export function answerEarly(
  request: IncomingMessage,
  response: ServerResponse,
  answer: EarlyAnswer,
  linger: Linger = lingerUsual,
): void {
  const { status, headers, body } = answer;
  response.writeHead(status, {
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  });
  // The whole answer is on its way; ending it is what closes the connection.
  response.write(body);
  let bytes = 0;
  const end = (): void => {
    clearTimeout(timer);
    request.removeAllListeners('data');
    if (!response.writableEnded) response.end();
  };
  const timer = setTimeout(end, linger.msMax);
  timer.unref();
  // A connection that ends here was to end anyway.
  request.on('error', end);
  request.on('end', end);
  request.on('close', end);
  request.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > linger.bytesMax) end();
  });
  if (request.complete || request.destroyed) end();
}
