import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { err, ok, type Result } from '@collimator/shared/result';

/** PS3.10 §7.1: preamble, prefix, then (0002,0000) as UL of 4 bytes. */
const PREFIX_AT = 128;
const GROUP_LENGTH_AT = 132;
const GROUP_LENGTH_BYTES = 12;

/**
 * The data set of a result file, without preamble and file meta, if the file is still the one that was made.
 *
 * @param sha256 of the whole file as it was noted before the first send
 */
export async function readResult(file: string, sha256: string): Promise<Result<Uint8Array, string>> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => error);
  if (bytes instanceof Error) return err(`it cannot be read: ${bytes.code ?? bytes.message}`);
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) return err('its digest has changed');
  const tag = bytes.length < GROUP_LENGTH_AT + GROUP_LENGTH_BYTES ? 0 : bytes.readUInt32LE(GROUP_LENGTH_AT);
  if (bytes.toString('latin1', PREFIX_AT, PREFIX_AT + 4) !== 'DICM' || tag !== 0x0000_0002)
    return err('it is no DICOM file');
  const start = GROUP_LENGTH_AT + GROUP_LENGTH_BYTES + bytes.readUInt32LE(GROUP_LENGTH_AT + 8);
  return ok(bytes.subarray(start));
}
