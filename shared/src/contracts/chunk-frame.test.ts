import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeChunkFrame, encodeChunkFrame } from './chunk-frame.ts';

const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);
const position = fc.nat(Number.MAX_SAFE_INTEGER);
const payload = fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes));

const frame = fc.oneof(
  fc.record({ kind: fc.constant('bytes' as const), sha256, offset: position, payload }),
  fc.record({ kind: fc.constant('missing' as const), sha256, offset: position }),
  fc.record({ kind: fc.constant('root' as const), version: position, payload }),
  fc.record({ kind: fc.constant('no-root' as const), version: position }),
);

test('a frame is read back as it was written', () => {
  fc.assert(
    fc.property(frame, (each) => {
      expect(decodeChunkFrame(encodeChunkFrame(each))).toEqual(each);
    }),
  );
});

test('bytes of anybody else are no frame or a frame, never an exception', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void decodeChunkFrame(Buffer.from(bytes))));
});
