import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import type { DeliveryRow } from '../../store/delivery-row.ts';
import type { After } from '../../timers.ts';
import type { ResultFile } from './result-file.ts';
import { type Away, failedWith, type Outcome, remark, type Sender, type Tell } from './sender.ts';
import { meaningOf } from './stow-status.ts';
import { readStoreReport } from './stow-response.ts';

export type StowSenderDeps = {
  /** Where studies are posted to. */
  readonly url: string;
  /** Connections of their own, made anew after each rest: certificates are read again then. */
  readonly openConnections: () => Dispatcher;
  /** The value of the Authorization header; read for each request, so that a renewed token needs no restart. */
  readonly authorization: () => Promise<string | undefined>;
  readonly fileOf: (row: DeliveryRow, tell: Tell) => Promise<ResultFile | undefined>;
  readonly requestObjectsMax: number;
  readonly idle_ms: number;
  readonly after: After;
};

type Part = { readonly row: DeliveryRow; readonly file: ResultFile };

/** Longest response that is read; one of 64 objects takes a few kilobytes. */
const RESPONSE_BYTES_MAX = 1_048_576;

/** Sends by STOW-RS (PS3.18 §10.5), straight from the disk, a bounded number of objects in a request. */
export function createStowSender(deps: StowSenderDeps): Sender {
  const ending = { stopped: false };
  let connections: Dispatcher | undefined;
  let keepNoLonger: () => void = () => undefined;

  async function send(rows: readonly DeliveryRow[], tell: Tell): Promise<Away | undefined> {
    keepNoLonger();
    for (let at = 0; at < rows.length && !ending.stopped; at += deps.requestObjectsMax) {
      const away = await sendSome(rows.slice(at, at + deps.requestObjectsMax), tell);
      if (away !== undefined) return away;
    }
    return undefined;
  }

  async function sendSome(rows: readonly DeliveryRow[], tell: Tell): Promise<Away | undefined> {
    const parts: Part[] = [];
    try {
      for (const row of rows) {
        const file = await deps.fileOf(row, tell);
        if (file !== undefined) parts.push({ row, file });
      }
      if (parts.length === 0) return undefined;
      return await post(parts, tell);
    } finally {
      for (const { file } of parts) await file.close();
    }
  }

  async function post(parts: readonly Part[], tell: Tell): Promise<Away | undefined> {
    const { headers, bytes, body } = multipart(parts);
    let begun = false;
    async function* counted(): AsyncGenerator<Uint8Array> {
      begun = true;
      yield* body();
    }
    let answer: { readonly status: number; readonly text: string };
    try {
      const authorization = await deps.authorization();
      connections ??= deps.openConnections();
      const response = await request(deps.url, {
        dispatcher: connections,
        method: 'POST',
        headers: {
          ...headers,
          'content-length': String(bytes),
          accept: 'application/dicom+json',
          ...(authorization !== undefined && { authorization }),
        },
        body: Readable.from(counted(), { objectMode: false }),
      });
      answer = { status: response.statusCode, text: await bounded(response.body) };
    } catch (error) {
      const detail = detailOf(error);
      await drop();
      if (begun) for (const { row } of parts) await tell(row, unanswered(detail));
      return { detail };
    }
    return judge(parts, answer, tell);
  }

  async function judge(
    parts: readonly Part[],
    answer: { readonly status: number; readonly text: string },
    tell: Tell,
  ): Promise<Away | undefined> {
    const meaning = meaningOf(answer.status);
    if (meaning === 'away') return { detail: `HTTP ${answer.status}` };
    if (meaning === 'refused' && parts.length > 1) {
      // It does not say which one it refuses: each by itself.
      for (const part of parts) {
        const away = await post([part], tell);
        if (away !== undefined) return away;
      }
      return undefined;
    }
    const report = readStoreReport(answer.text);
    for (const { row } of parts) {
      const one = report.get(row.sopInstanceUid);
      await tell(row, one === undefined ? unnamed(answer.status) : { type: 'answered', answer: one });
    }
    return undefined;
  }

  async function drop(): Promise<void> {
    const old = connections;
    connections = undefined;
    await old?.destroy();
  }

  return {
    send,
    rest() {
      keepNoLonger();
      keepNoLonger = deps.after(deps.idle_ms, () => void drop());
    },
    stop() {
      ending.stopped = true;
      keepNoLonger();
      void drop();
    },
  };
}

/** The answer does not speak of the object: refused where the whole request was, else nobody knows. */
function unnamed(status: number): Outcome {
  const meaning = meaningOf(status);
  // 409: nothing of the request was stored (PS3.18 Table 10.5.3-1).
  if (meaning === 'refused' || status === 409)
    return failedWith({ class: 'permanent', code: 'delivery-refused', detail: `HTTP ${status}` });
  if (meaning === 'failed')
    return failedWith({ class: 'transient', code: 'delivery-unreachable', detail: `HTTP ${status}` });
  return unanswered(`HTTP ${status}, which does not name the object`);
}

const unanswered = (detail: string): Outcome => failedWith({ class: 'ambiguous', code: 'delivery-unanswered', detail });

/** multipart/related of whole Part 10 files (RFC 2387, PS3.18 §8.6.1). */
function multipart(parts: readonly Part[]) {
  const boundary = `collimator-${randomUUID()}`;
  const head = Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`);
  const newLine = Buffer.from('\r\n');
  const end = Buffer.from(`--${boundary}--\r\n`);
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const { file } of parts) {
      yield head;
      yield* file.whole();
      yield newLine;
    }
    yield end;
  }
  return {
    headers: { 'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}` },
    bytes: parts.reduce((sum, { file }) => sum + head.length + file.bytes + newLine.length, end.length),
    body,
  };
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > RESPONSE_BYTES_MAX) throw new Error(`the answer is longer than ${RESPONSE_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function detailOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return remark(code === undefined ? message : `${code}: ${message}`);
}
