import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pdu, Pdv } from './pdu.ts';
import { encodePdu, encodePdvHead } from './pdu-encode.ts';
import { createPduReader, PART_BYTES_MIN } from './pdu-reader.ts';

const PDU_BYTES_MAX = 4_096;

const uid = fc
  .array(fc.integer({ min: 0, max: 99_999 }), { minLength: 2, maxLength: 8 })
  .map((parts) => parts.join('.'));
const title = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,15}$/);
const byte = fc.integer({ min: 0, max: 255 });
const plainUser = fc.record({
  maxPduLength: fc.integer({ min: 0, max: 0xffff_ffff }),
  implementationClassUid: uid,
  implementationVersionName: fc.stringMatching(/^[A-Z_0-9]{1,16}$/),
});
const bytes = fc.uint8Array({ maxLength: 40 }).map((all) => Buffer.from(all));
const window = fc.integer({ min: 0, max: 0xffff });
const negotiation = fc.record(
  {
    asyncOperations: fc.record({ invoked: window, performed: window }),
    roles: fc.array(fc.record({ sopClassUid: uid, scu: fc.boolean(), scp: fc.boolean() }), {
      minLength: 1,
      maxLength: 4,
    }),
    userIdentity: fc.record({ type: byte, responseRequested: fc.boolean(), primary: bytes, secondary: bytes }),
    userIdentityResponse: bytes,
  },
  { requiredKeys: [] },
);
const common = {
  protocolVersion: fc.constant(1),
  calledAeTitle: title,
  callingAeTitle: title,
  applicationContext: uid,
  user: fc.tuple(plainUser, negotiation).map(([plain, more]) => ({ ...plain, ...more })),
};
const contextId = fc.integer({ min: 0, max: 127 }).map((n) => 2 * n + 1);
const pdv: fc.Arbitrary<Pdv> = fc.record({
  contextId,
  isCommand: fc.boolean(),
  isLast: fc.boolean(),
  data: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});
const pdu: fc.Arbitrary<Pdu> = fc.oneof(
  fc.record({
    type: fc.constant('associate-rq' as const),
    ...common,
    contexts: fc.array(
      fc.record({ id: contextId, abstractSyntax: uid, transferSyntaxes: fc.array(uid, { maxLength: 4 }) }),
      {
        maxLength: 5,
      },
    ),
  }),
  fc.record({
    type: fc.constant('associate-ac' as const),
    ...common,
    contexts: fc.array(
      fc.record({
        id: contextId,
        result: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const, 4 as const),
        transferSyntax: uid,
      }),
      { maxLength: 5 },
    ),
  }),
  fc.record({ type: fc.constant('associate-rj' as const), result: byte, source: byte, reason: byte }),
  fc.record({ type: fc.constant('p-data' as const), pdvs: fc.array(pdv, { minLength: 1, maxLength: 6 }) }),
  fc.constant({ type: 'release-rq' as const }),
  fc.constant({ type: 'release-rp' as const }),
  fc.record({ type: fc.constant('abort' as const), source: byte, reason: byte }),
);

/** Cuts bytes at arbitrary places; 0 gives an empty piece. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...pieces, bytes.subarray(at)];
}

/** Fragments in a row, the parts of each put together: a list of PDUs without P-DATA-TF, and of fragments. */
function inOne(pdus: readonly Pdu[]): unknown[] {
  const all: unknown[] = [];
  let parts: Buffer[] = [];
  for (const one of pdus) {
    if (one.type !== 'p-data') all.push(one);
    else
      for (const { data, ...head } of one.pdvs) {
        // Without the cuts between fragments that are no last ones, which carry no meaning.
        const before = all.at(-1) as { head?: typeof head } | undefined;
        const goesOn =
          parts.length > 0 &&
          before?.head !== undefined &&
          !before.head.isLast &&
          before.head.contextId === head.contextId &&
          before.head.isCommand === head.isCommand;
        if (goesOn) all.pop();
        parts = goesOn ? [...parts, Buffer.from(data)] : [Buffer.from(data)];
        all.push({ head, data: Buffer.concat(parts).toString('latin1') });
      }
  }
  return all;
}

const readAll = (pieces: readonly Buffer[]) => {
  const reader = createPduReader(PDU_BYTES_MAX);
  return pieces.flatMap((piece) => [...reader.push(piece)]);
};

describe('the PDU reader', () => {
  it('gives the same PDUs however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(pdu, { maxLength: 6 }), fc.array(fc.nat(700), { maxLength: 60 }), (pdus, sizes) => {
        const bytes = Buffer.concat(pdus.map(encodePdu));
        const expected = pdus.map((value) => ({ ok: true, value }));
        expect(readAll(cut(bytes, sizes))).toEqual(expected);
        expect(
          readAll(
            cut(
              bytes,
              Array.from(bytes, () => 1),
            ),
          ),
        ).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('hands on long data fragments as they come, and nothing else differs', () => {
    const long = fc.record({
      type: fc.constant('p-data' as const),
      pdvs: fc.array(
        fc.record({
          contextId,
          isCommand: fc.boolean(),
          isLast: fc.boolean(),
          data: fc
            .tuple(fc.oneof(fc.nat(300), fc.nat(3 * PART_BYTES_MIN)), byte)
            .map(([length, seed]) => Buffer.from(Uint8Array.from({ length }, (_, i) => i * 7 + seed))),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(pdu, long, long), { maxLength: 5 }),
        fc.array(fc.oneof(fc.nat(700), fc.nat(70_000)), { maxLength: 40 }),
        (pdus, sizes) => {
          const reader = createPduReader(1_048_576);
          const found: Pdu[] = [];
          for (const piece of cut(Buffer.concat(pdus.map(encodePdu)), sizes))
            for (const one of reader.push(piece)) {
              if (!one.ok) throw new Error(one.error.why);
              found.push(one.value);
            }
          expect(reader.pendingBytes()).toBe(0);
          expect(inOne(found)).toEqual(inOne(pdus));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('holds less than the whole PDU while a long data fragment comes', () => {
    const data = Buffer.alloc(900_000, 1);
    const bytes = encodePdu({ type: 'p-data', pdvs: [{ contextId: 1, isCommand: false, isLast: true, data }] });
    const reader = createPduReader(1_048_576);
    let parts = 0;
    for (let at = 0; at < bytes.length; at += 1_000) {
      parts += [...reader.push(bytes.subarray(at, at + 1_000))].length;
      expect(reader.pendingBytes()).toBeLessThan(PART_BYTES_MIN + 1_012);
    }
    expect(parts).toBeGreaterThan(10);
  });

  it('says what is wrong with what follows a fragment that was handed on', () => {
    const data = Buffer.alloc(2 * PART_BYTES_MIN, 1);
    const pdv = { contextId: 1, isCommand: false, isLast: false, data };
    const bytes = encodePdu({ type: 'p-data', pdvs: [pdv, { ...pdv, data: Buffer.alloc(10) }] });
    bytes.writeUInt32BE(4_000, 6 + 6 + data.length); // The second fragment claims more than its PDU has.
    const reader = createPduReader(1_048_576);
    const found = [bytes.subarray(0, PART_BYTES_MIN + 100), bytes.subarray(PART_BYTES_MIN + 100)].flatMap((piece) => [
      ...reader.push(piece),
    ]);
    expect(found.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect([...reader.push(bytes)]).toEqual([]);
  });

  it('neither throws nor holds more than one PDU, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 20 }), (chunks) => {
        const reader = createPduReader(PDU_BYTES_MAX);
        for (const chunk of chunks) {
          const found = [...reader.push(Buffer.from(chunk))];
          expect(found.filter((one) => !one.ok && one.error.why === '')).toEqual([]);
          expect(reader.pendingBytes()).toBeLessThanOrEqual(262_144 + 6);
        }
      }),
    );
  });

  it('survives every single byte changed in a valid PDU', () => {
    fc.assert(
      fc.property(pdu, fc.nat(), byte, (value, where, to) => {
        const bytes = encodePdu(value);
        bytes[where % bytes.length] = to;
        expect(() => readAll([bytes])).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a P-DATA-TF PDU longer than announced', [0x04, 0, 0, 0, 0x10, 0x01]],
    ['an A-ABORT of 4 GB', [0x07, 0, 0xff, 0xff, 0xff, 0xff]],
    ['an A-ASSOCIATE-RQ of 4 GB', [0x01, 0, 0xff, 0xff, 0xff, 0xff]],
    ['an unknown type', [0x47, 0x45, 0x54, 0x20, 0x2f, 0x20]],
  ])('refuses %s from its header alone, and reads nothing after it', (_what, header) => {
    const reader = createPduReader(PDU_BYTES_MAX);
    expect([...reader.push(Buffer.from(header))]).toMatchObject([{ ok: false }]);
    expect([...reader.push(encodePdu({ type: 'release-rq' }))]).toEqual([]);
    expect(reader.pendingBytes()).toBe(0);
  });

  it('encodes a fragment with a separate head as it does in one piece', () => {
    fc.assert(
      fc.property(pdv, (value) => {
        const whole = encodePdu({ type: 'p-data', pdvs: [value] });
        expect(Buffer.concat([encodePdvHead(value), value.data]).equals(whole)).toBe(true);
      }),
    );
  });
});
