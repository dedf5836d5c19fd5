import { randomBytes } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFileMeta } from '@collimator/edge-agent/study/receive/disk/file-meta';
import { newUid } from '@collimator/shared/dicom/uids';
import { pydicomFile, readPart10, run } from '../dimse/peers.ts';

/**
 * Where an object comes from: a file of pydicom's test set, such a file after a program of dcmtk's, or a slice of it
 * whose pixels are a stream of no codec, for syntaxes of video that nobody on a test machine makes.
 */
export type Original = 'made stream' | (string & {}) | readonly [program: string, option: string, file: string];

/** A copy of an object under a SOP instance UID that nobody has seen. */
export async function withNewUid(from: Original, folder: string, syntax = ''): Promise<string> {
  const to = join(folder, `${newUid(randomBytes(16))}.dcm`);
  if (from === 'made stream') {
    await writeFile(to, await madeStream(syntax));
    return to;
  }
  if (typeof from === 'string') await copyFile(await pydicomFile(from), to);
  else await must(from[0], [from[1], await pydicomFile(from[2]), to]);
  await must('dcmodify', ['--no-backup', '--gen-inst-uid', to]);
  return to;
}

/** A data set in explicit VR little endian whose pixels are one fragment. */
async function madeStream(transferSyntaxUid: string): Promise<Buffer> {
  const { sopClassUid, sopInstanceUid, dataSet } = await readPart10(await pydicomFile('CT_small.dcm'));
  const pixels = dataSet.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
  const head = Buffer.from(dataSet.subarray(0, pixels));
  const fresh = newUid(randomBytes(16)).slice(0, sopInstanceUid.length).padEnd(sopInstanceUid.length, '1');
  head.write(fresh, head.indexOf(sopInstanceUid, 0, 'latin1'), 'latin1');
  const item = (bytes: Uint8Array): Buffer => {
    const header = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
    header.writeUInt32LE(bytes.length, 4);
    return Buffer.concat([header, bytes]);
  };
  return Buffer.concat([
    encodeFileMeta({ sopClassUid, sopInstanceUid: fresh, transferSyntaxUid, sourceAeTitle: '' }),
    head,
    Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0, 0, 0xff, 0xff, 0xff, 0xff]),
    item(Buffer.alloc(0)),
    item(randomBytes(5_000)),
    Buffer.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]),
  ]);
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run(program, args);
  if (code !== 0) throw new Error(`${program}: ${output}`);
}
