import { sopClasses } from '@collimator/shared/dicom/uids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequenceOf, text, uid } from '../result/elements/element.ts';
import { part10File } from '../result/elements/part10-file.ts';
import { KEY_OBJECT_BYTES_MAX, type KeyObject, readKeyObject } from './key-object.ts';

const reference = (instance: string) => [uid(0x00081150, sopClasses.mrImage), uid(0x00081155, instance)];

/** A key object that names instances in its content, in its evidence, or in both. */
function keyObject(title: { readonly scheme: string; readonly code: string }, content: string[], evidence: string[]) {
  return part10File({ sopClassUid: sopClasses.keyObjectSelection, sopInstanceUid: '2.25.1' }, [
    sequenceOf(0x0040a043, [[text(0x00080100, 'SH', title.code), text(0x00080102, 'SH', title.scheme)]]),
    uid(0x0020000d, '2.25.2'),
    sequenceOf(0x0040a375, [
      [uid(0x0020000d, '2.25.3'), sequenceOf(0x00081115, [[sequenceOf(0x00081199, evidence.map(reference))]])],
    ]),
    sequenceOf(
      0x0040a730,
      content.map((instance) => [sequenceOf(0x00081199, [reference(instance)])]),
    ),
  ]);
}
const uids = fc.array(
  fc.nat(1e6).map((n) => `2.25.${n}`),
  { maxLength: 20 },
);

describe('key objects', () => {
  it('give their title and every instance that they name, once', () => {
    const code = fc.stringMatching(/^[A-Z0-9]{1,16}$/);
    fc.assert(
      fc.property(fc.constantFrom('DCM', 'IHERADTF'), code, uids, uids, (scheme, value, content, evidence) => {
        const read = readKeyObject(keyObject({ scheme, code: value }, content, evidence));
        const known: KeyObject = {
          title: scheme === 'DCM' ? value : `${scheme}:${value}`,
          references: [...new Set([...content, ...evidence])],
          studyInstanceUids: ['2.25.2', '2.25.3'],
        };
        expect(read).toEqual({ ok: true, value: known });
      }),
    );
  });

  const good = keyObject({ scheme: 'DCM', code: '113001' }, ['2.25.7', '2.25.8'], ['2.25.7']);

  it('that were damaged are read or refused, and never throw', () => {
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 12 });
    fc.assert(
      fc.property(damage, fc.integer({ min: 0, max: good.length }), (changes, length) => {
        const bytes = Uint8Array.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        const read = readKeyObject(bytes.subarray(0, length));
        // Whatever is read out of it, it is not more than it holds.
        expect(read.ok ? read.value.references.length : 0).toBeLessThanOrEqual(length / 8);
      }),
      { numRuns: 5_000 },
    );
  });

  it('that are anything at all behind a header are read or refused, and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(good.length), (noise, keep) => {
        const read = readKeyObject(Buffer.concat([good.subarray(0, keep), noise]));
        expect(typeof read.ok).toBe('boolean');
      }),
      { numRuns: 5_000 },
    );
  });

  it('that are too long are not looked at', () => {
    expect(readKeyObject(new Uint8Array(KEY_OBJECT_BYTES_MAX + 1))).toMatchObject({ ok: false });
  });
});
