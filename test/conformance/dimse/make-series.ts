import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFileMeta } from '@collimator/edge-agent/study/receive/disk/file-meta';
import { newUid, sopClasses } from '@collimator/shared/dicom/uids';

const EXPLICIT = '1.2.840.10008.1.2.1';

/** An explicit VR little endian element of a short form VR. */
function element(group: number, number: number, vr: string, value: Buffer | string): Buffer {
  const raw = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
  const padded = raw.length % 2 === 0 ? raw : Buffer.concat([raw, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
  const head = Buffer.alloc(vr === 'OW' ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  if (vr === 'OW') head.writeUInt32LE(padded.length, 8);
  else head.writeUInt16LE(padded.length, 6);
  return Buffer.concat([head, padded]);
}

const us = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};

export type MadeInstance = { readonly path: string; readonly sopInstanceUid: string; readonly dataSet: Buffer };

/**
 * Writes a CT series of square 16 bit images whose pixels differ, one file per image.
 *
 * @param random bytes for the UIDs: 16 for each image and 32 more
 */
export async function makeSeries(
  folder: string,
  images: number,
  size: number,
  random: (bytes: number) => Uint8Array,
): Promise<MadeInstance[]> {
  await mkdir(folder, { recursive: true });
  const study = newUid(random(16));
  const series = newUid(random(16));
  const made: MadeInstance[] = [];
  for (let image = 0; image < images; image += 1) {
    const sopInstanceUid = newUid(random(16));
    const pixels = new Uint16Array(size * size);
    for (let at = 0; at < pixels.length; at += 1) pixels[at] = (at * 31 + image * 7919) & 0x0fff;
    const dataSet = Buffer.concat([
      element(0x0008, 0x0016, 'UI', sopClasses.ctImage),
      element(0x0008, 0x0018, 'UI', sopInstanceUid),
      element(0x0008, 0x0060, 'CS', 'CT'),
      element(0x0010, 0x0010, 'PN', 'Test^Phantom'),
      element(0x0010, 0x0020, 'LO', 'PHANTOM'),
      element(0x0020, 0x000d, 'UI', study),
      element(0x0020, 0x000e, 'UI', series),
      element(0x0020, 0x0013, 'IS', `${image + 1}`),
      element(0x0020, 0x0032, 'DS', `0\\0\\${image * 2}`),
      element(0x0020, 0x0037, 'DS', '1\\0\\0\\0\\1\\0'),
      element(0x0028, 0x0002, 'US', us(1)),
      element(0x0028, 0x0004, 'CS', 'MONOCHROME2'),
      element(0x0028, 0x0010, 'US', us(size)),
      element(0x0028, 0x0011, 'US', us(size)),
      element(0x0028, 0x0030, 'DS', '0.5\\0.5'),
      element(0x0028, 0x0100, 'US', us(16)),
      element(0x0028, 0x0101, 'US', us(16)),
      element(0x0028, 0x0102, 'US', us(15)),
      element(0x0028, 0x0103, 'US', us(0)),
      element(0x7fe0, 0x0010, 'OW', Buffer.from(pixels.buffer)),
    ]);
    const path = join(folder, `${String(image).padStart(5, '0')}.dcm`);
    const meta = encodeFileMeta({
      sopClassUid: sopClasses.ctImage,
      sopInstanceUid,
      transferSyntaxUid: EXPLICIT,
      sourceAeTitle: '',
    });
    await writeFile(path, Buffer.concat([meta, dataSet]));
    made.push({ path, sopInstanceUid, dataSet });
  }
  return made;
}
