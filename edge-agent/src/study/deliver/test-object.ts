import { INSTANCE_CREATOR_UID, newUid, sopClasses } from '@collimator/shared/dicom/uids';
import { empty, is, text, uid, us } from '../result/elements/element.ts';
import { part10File } from '../result/elements/part10-file.ts';

export type TestObject = { readonly sopClassUid: string; readonly sopInstanceUid: string; readonly file: Uint8Array };

const SIDE = 64;

/**
 * A secondary capture that says of itself that it is a test: patient TEST^COLLIMATOR, a study of its own, a chequered
 * image (PS3.3 §A.8.1). Our mark is in it, so that nothing is made of it when it comes back.
 *
 * @param random so many random bytes
 */
export function testObject(now: Date, random: (bytes: number) => Uint8Array): TestObject {
  const sopClassUid = sopClasses.secondaryCapture;
  const [sopInstanceUid = '', study = '', series = ''] = Array.from({ length: 3 }, () => newUid(random(16)));
  const date = now.toISOString().slice(0, 10).replaceAll('-', '');
  const time = now.toISOString().slice(11, 19).replaceAll(':', '');
  const file = part10File({ sopClassUid, sopInstanceUid }, [
    text(0x00080008, 'CS', 'DERIVED', 'SECONDARY'),
    uid(0x00080014, INSTANCE_CREATOR_UID),
    uid(0x00080016, sopClassUid),
    uid(0x00080018, sopInstanceUid),
    text(0x00080020, 'DA', date),
    text(0x00080030, 'TM', time),
    empty(0x00080050, 'SH'),
    text(0x00080060, 'CS', 'OT'),
    text(0x00080064, 'CS', 'SYN'),
    text(0x00080070, 'LO', 'Collimator'),
    empty(0x00080090, 'PN'),
    text(0x00081030, 'LO', 'TEST OBJECT, NOT A PATIENT'),
    text(0x0008103e, 'LO', 'TEST OBJECT, NOT A PATIENT'),
    text(0x00100010, 'PN', 'TEST^COLLIMATOR'),
    text(0x00100020, 'LO', 'COLLIMATOR-TEST'),
    empty(0x00100030, 'DA'),
    empty(0x00100040, 'CS'),
    uid(0x0020000d, study),
    uid(0x0020000e, series),
    text(0x00200010, 'SH', 'TEST'),
    is(0x00200011, 1),
    is(0x00200013, 1),
    empty(0x00200020, 'CS'),
    empty(0x00200060, 'CS'),
    text(0x00204000, 'LT', 'Sent by collimator agent peers test-send to try the connection. It may be deleted.'),
    us(0x00280002, 1),
    text(0x00280004, 'CS', 'MONOCHROME2'),
    us(0x00280010, SIDE),
    us(0x00280011, SIDE),
    us(0x00280100, 8),
    us(0x00280101, 8),
    us(0x00280102, 7),
    us(0x00280103, 0),
    text(0x00280301, 'CS', 'NO'),
    { tag: 0x7fe00010, vr: 'OB', value: chequers() },
  ]);
  return { sopClassUid, sopInstanceUid, file };
}

const chequers = (): Uint8Array =>
  Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (((i >> 3) + (i >> 9)) % 2 === 0 ? 64 : 192));
