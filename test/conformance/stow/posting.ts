/** Requests of the Store Transaction (PS3.18 §10.5), put together by hand so that they can be wrong. */
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export const BOUNDARY = 'abc-123';
export const MULTIPART = `multipart/related; type="application/dicom"; boundary=${BOUNDARY}`;

/** A body of these files. */
export const bodyOf = (files: readonly Uint8Array[], type = 'application/dicom'): Buffer =>
  Buffer.concat([
    ...files.flatMap((file) => [
      Buffer.from(`--${BOUNDARY}\r\nContent-Type: ${type}\r\n\r\n`),
      file,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ]);

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON. */
  readonly json: Readonly<Record<string, { readonly Value?: readonly Item[] }>>;
};
type Item = Readonly<Record<string, { readonly Value?: readonly (string | number)[] }>>;

/** Posts a body as it is; the pieces of a list are sent one by one. */
export function post(
  url: string,
  body: Uint8Array | readonly Uint8Array[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { 'content-type': MULTIPART, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const json = text === '' ? {} : (JSON.parse(text) as Answer['json']);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
    sent.on('error', reject);
    const pieces = body instanceof Uint8Array ? [body] : body;
    void (async () => {
      for (const piece of pieces) {
        if (sent.destroyed) return;
        sent.write(piece);
        if (pieces.length > 1) await pause(1);
      }
      sent.end();
    })();
  });
}

/** What an answer says of each instance, by its UID: 0, a warning or a failure; `unnamed` for those without. */
export function outcomesOf({ json }: Answer): { named: Record<string, number>; unnamed: number[] } {
  const items = (tag: string): readonly Item[] => json[tag]?.Value ?? [];
  const number = (item: Item, tag: string): number => Number(item[tag]?.Value?.[0] ?? 0);
  const named: Record<string, number> = {};
  for (const item of items('00081199')) named[String(item['00081155']?.Value?.[0])] = number(item, '00081196');
  for (const item of items('00081198')) named[String(item['00081155']?.Value?.[0])] = number(item, '00081197');
  return { named, unnamed: items('0008119A').map((item) => number(item, '00081197')) };
}
