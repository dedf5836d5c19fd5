import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMultipartParser, type MultipartProblem, PREAMBLE_BYTES_MAX } from './multipart-parser.ts';

type Part = { readonly headers: Readonly<Record<string, string>>; readonly bytes: Buffer };
const BOUNDARY = 'x-1';
const limits = { partsMax: 8, headerBytesMax: 256 };

/** Cuts `body` at the given places, which wrap around, and puts together what the parser makes of it. */
function parse(body: Buffer, cuts: readonly number[] = [], bounds = limits): Part[] | MultipartProblem {
  const parser = createMultipartParser(BOUNDARY, bounds);
  const parts: { headers: Record<string, string>; pieces: Uint8Array[]; ended: boolean }[] = [];
  const places = [...new Set(cuts.map((cut) => cut % (body.length + 1)))].sort((a, b) => a - b);
  for (const [i, end] of [...places, body.length].entries()) {
    const events = parser.push(body.subarray(places[i - 1] ?? 0, end));
    if (!events.ok) return events.error;
    for (const event of events.value) {
      const part = parts.at(-1);
      if (event.type === 'part') parts.push({ headers: Object.fromEntries(event.headers), pieces: [], ended: false });
      else if (event.type === 'data') part?.pieces.push(event.bytes);
      else if (part !== undefined) part.ended = true;
    }
  }
  const finished = parser.finish();
  if (!finished.ok) return finished.error;
  expect(parts.every(({ ended }) => ended)).toBe(true);
  return parts.map(({ headers, pieces }) => ({ headers, bytes: Buffer.concat(pieces) }));
}

const bodyOf = (parts: readonly Part[], preamble = '', epilogue = ''): Buffer =>
  Buffer.concat([
    Buffer.from(preamble === '' ? '' : `${preamble}\r\n`),
    ...parts.flatMap(({ headers, bytes }, i) => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      return [Buffer.from(`${i === 0 ? '' : '\r\n'}--${BOUNDARY}\r\n${lines.join('')}\r\n`), bytes];
    }),
    Buffer.from(`\r\n--${BOUNDARY}--${epilogue}`),
  ]);

/** Pixels that look like what the parser looks for, and are not: the delimiter never goes on as a delimiter does. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from(some)),
      fc
        .constantFrom('\r', '\n', '\r\n', '\r\n-', '\r\n--', '\r\n--x', `\r\n--${BOUNDARY}`, `--${BOUNDARY}`, '\r\r\n')
        .map((text) => Buffer.from(text)),
      fc.constantFrom(`\r\n--${BOUNDARY}y`, `\r\n--${BOUNDARY}-y`, `\r\n--${BOUNDARY} \ry`).map((t) => Buffer.from(t)),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => Buffer.concat(pieces))
  .filter((content) => {
    const text = content.toString('latin1');
    return !new RegExp(`\r\n--${BOUNDARY}(--|[ \t]*(\r\n|\r?$)|-?$)`).test(`\r\n${text}`);
  });
const headers = fc.dictionary(fc.stringMatching(/^[a-z][a-z-]{0,8}$/), fc.stringMatching(/^[a-z0-9/;="]{0,12}$/), {
  maxKeys: 3,
  noNullPrototype: true,
});
const parts = fc.array(fc.record({ headers, bytes }), { minLength: 1, maxLength: 4 });

describe('a multipart body', () => {
  it('gives its parts back, however it is cut', () => {
    fc.assert(
      fc.property(parts, fc.array(fc.nat({ max: 4_000 }), { maxLength: 12 }), (made, cuts) => {
        expect(parse(bodyOf(made), cuts)).toEqual(made);
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives them back byte by byte, past a preamble and an epilogue', () => {
    fc.assert(
      fc.property(parts, (made) => {
        const body = bodyOf(made, 'for old mail programs', '\r\nand more');
        expect(parse(body, [...body.keys()])).toEqual(made);
      }),
      { numRuns: 100 },
    );
  });

  it('is not taken for whole when it is cut off anywhere', () => {
    const body = bodyOf([{ headers: { a: 'b' }, bytes: Buffer.from('abc') }]);
    for (let end = 0; end < body.length; end += 1)
      expect(parse(body.subarray(0, end)), `${end}`).toMatchObject({ kind: 'malformed' });
    expect(parse(body)).toHaveLength(1);
  });

  it('may be any bytes at all without a crash, and holds back no more than a delimiter and header lines', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes, fc.uint8Array({ maxLength: 300 }))), (chunks) => {
        const parser = createMultipartParser(BOUNDARY, limits);
        for (const chunk of chunks) if (!parser.push(chunk).ok) return;
        parser.finish();
      }),
      { numRuns: 1_000 },
    );
  });

  const text = (body: string) => parse(Buffer.from(body, 'latin1'));
  it.each<[string, string, unknown]>([
    ['a part without content', `--x-1\r\n\r\n--x-1--`, [{ headers: {}, bytes: Buffer.alloc(0) }]],
    ['white space after a delimiter', `--x-1 \t\r\n\r\na\r\n--x-1--`, [{ headers: {}, bytes: Buffer.from('a') }]],
    [
      'folded header lines',
      `--x-1\r\nA: b;\r\n c\r\n\r\n\r\n--x-1--`,
      [{ headers: { a: 'b; c' }, bytes: Buffer.alloc(0) }],
    ],
    ['no part', `--x-1--`, []],
    [
      'bare line feeds',
      `--x-1\nA: b\n\nabc\n--x-1--\n`,
      { kind: 'malformed', why: 'the closing delimiter is missing' },
    ],
    ['another boundary', `--y\r\n\r\nabc\r\n--y--`, { kind: 'malformed', why: 'the closing delimiter is missing' }],
    [
      'a header line without a name',
      `--x-1\r\nabc\r\n\r\n`,
      { kind: 'malformed', why: 'a header line of a part has no name' },
    ],
    [
      'endless header lines',
      `--x-1\r\nA: ${'b'.repeat(300)}`,
      { kind: 'too-large', why: 'a part has more than 256 bytes of header lines' },
    ],
    [
      'too many parts',
      `${'--x-1\r\n\r\n\r\n'.repeat(9)}--x-1--`,
      { kind: 'too-large', why: 'there are more than 8 parts' },
    ],
    [
      'an endless preamble',
      'a'.repeat(PREAMBLE_BYTES_MAX + 1),
      { kind: 'malformed', why: 'the first delimiter does not come' },
    ],
  ])('%s', (_case, body, outcome) => {
    expect(text(body)).toEqual(outcome);
  });
});
