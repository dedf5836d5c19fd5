import { err, ok, type Result } from '@collimator/shared/result';

/** Names in lower case. */
export type PartHeaders = ReadonlyMap<string, string>;

export type MultipartEvent =
  | { readonly type: 'part'; readonly headers: PartHeaders }
  /** Some bytes of the part; a view of what was pushed, where that is possible. */
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  | { readonly type: 'part-end' };

export type MultipartProblem = { readonly kind: 'malformed' | 'too-large'; readonly why: string };

export type MultipartLimits = {
  /** Parts of one body. */
  readonly partsMax: number;
  /** Header lines of one part, bytes. */
  readonly headerBytesMax: number;
};

/** A multipart body (RFC 2046 §5.1) that arrives in pieces of any length. Holds no more than a part's header lines. */
export type MultipartParser = {
  push(chunk: Uint8Array): Result<readonly MultipartEvent[], MultipartProblem>;
  /** The body is over; an error when its closing delimiter has not come. */
  finish(): Result<undefined, MultipartProblem>;
};

/** What may stand before the first delimiter, bytes; nobody needs it. */
export const PREAMBLE_BYTES_MAX = 16_384;
/** White space after a delimiter that is looked past, bytes. */
export const PADDING_BYTES_MAX = 128;

const CRLF = Buffer.from('\r\n');
const END_OF_HEADERS = Buffer.from('\r\n\r\n');
const nothing = Buffer.alloc(0);

const [CR, LF, SPACE, TAB, DASH] = [0x0d, 0x0a, 0x20, 0x09, 0x2d];

/**
 * A line that begins with the delimiter but goes on with something else than white space or `--` is taken for content:
 * pixels may hold anything.
 *
 * @param boundary as the Content-Type names it; see `boundaryOf`
 */
export function createMultipartParser(boundary: string, limits: MultipartLimits): MultipartParser {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  let state: 'preamble' | 'headers' | 'content' | 'epilogue' = 'preamble';
  // A body may begin with the delimiter: the line break that belongs to it is then not there.
  let held: Buffer = CRLF;
  /** Bytes at the front that are that line break and no content. */
  let lineBreak = CRLF.length;
  let preambleBytes = 0;
  let parts = 0;

  /** Takes everything that belongs to the content off the front of `buffer`; undefined when more is needed. */
  function content(buffer: Buffer, events: MultipartEvent[]): Buffer | undefined {
    const give = (end: number): void => {
      const start = Math.min(lineBreak, end);
      lineBreak -= start;
      if (state === 'content' && end > start) events.push({ type: 'data', bytes: buffer.subarray(start, end) });
      if (state === 'preamble') preambleBytes += end;
    };
    for (let from = 0; ; ) {
      const at = buffer.indexOf(delimiter, from);
      if (at === -1) {
        const end = buffer.length - beginningOf(delimiter, buffer);
        give(end);
        held = buffer.subarray(end);
        return undefined;
      }
      const next = after(buffer, at + delimiter.length);
      if (next === 'content') {
        from = at + 1;
        continue;
      }
      give(at);
      if (next === 'more') {
        held = buffer.subarray(at);
        return undefined;
      }
      if (state === 'content') events.push({ type: 'part-end' });
      state = next === 'close' ? 'epilogue' : 'headers';
      return next === 'close' ? nothing : buffer.subarray(next);
    }
  }

  /** `buffer` begins with the line break of the delimiter's line. */
  function headers(buffer: Buffer, events: MultipartEvent[]): Result<Buffer | undefined, MultipartProblem> {
    const end = buffer.indexOf(END_OF_HEADERS);
    if ((end === -1 ? buffer.length : end) > limits.headerBytesMax)
      return err({ kind: 'too-large', why: `a part has more than ${limits.headerBytesMax} bytes of header lines` });
    if (end === -1) {
      held = buffer;
      return ok(undefined);
    }
    const fields = fieldsOf(buffer.toString('latin1', CRLF.length, end));
    if (!fields.ok) return fields;
    parts += 1;
    if (parts > limits.partsMax) return err({ kind: 'too-large', why: `there are more than ${limits.partsMax} parts` });
    events.push({ type: 'part', headers: fields.value });
    state = 'content';
    // The line break that ends the header lines may be the delimiter's: an empty part has no other.
    lineBreak = CRLF.length;
    return ok(buffer.subarray(end + CRLF.length));
  }

  return {
    push(chunk) {
      const events: MultipartEvent[] = [];
      if (state === 'epilogue') return ok(events);
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let rest: Buffer | undefined = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      held = nothing;
      while (rest !== undefined && rest.length > 0) {
        if (state === 'headers') {
          const taken = headers(rest, events);
          if (!taken.ok) return taken;
          rest = taken.value;
        } else {
          rest = content(rest, events);
        }
      }
      if (state === 'preamble' && preambleBytes > PREAMBLE_BYTES_MAX)
        return err({ kind: 'malformed', why: 'the first delimiter does not come' });
      return ok(events);
    },
    finish: () =>
      state === 'epilogue' ? ok(undefined) : err({ kind: 'malformed', why: 'the closing delimiter is missing' }),
  };
}

/** What follows a delimiter: the close, a part whose line break is at the given place, or neither. */
function after(buffer: Buffer, from: number): 'more' | 'content' | 'close' | number {
  const first = buffer[from];
  const second = buffer[from + 1];
  if (first === undefined || (first === DASH && second === undefined)) return 'more';
  if (first === DASH) return second === DASH ? 'close' : 'content';
  let at = from;
  while (buffer[at] === SPACE || buffer[at] === TAB) at += 1;
  if (at - from > PADDING_BYTES_MAX) return 'content';
  if (buffer[at] === undefined || (buffer[at] === CR && buffer[at + 1] === undefined)) return 'more';
  return buffer[at] === CR && buffer[at + 1] === LF ? at : 'content';
}

/** How many bytes at the end of the buffer may be the beginning of the delimiter. */
function beginningOf(delimiter: Buffer, buffer: Buffer): number {
  // The delimiter has one carriage return, its first byte.
  const at = buffer.lastIndexOf(CR);
  const length = buffer.length - at;
  if (at === -1 || length >= delimiter.length) return 0;
  return buffer.compare(delimiter, 0, length, at) === 0 ? length : 0;
}

/** Header lines (RFC 5322 §2.2), long ones put together again. */
function fieldsOf(text: string): Result<PartHeaders, MultipartProblem> {
  const fields = new Map<string, string>();
  for (const line of text.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    if (line === '') continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name === '') return err({ kind: 'malformed', why: 'a header line of a part has no name' });
    fields.set(name, line.slice(colon + 1).trim());
  }
  return ok(fields);
}
