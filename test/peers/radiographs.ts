import { join } from 'node:path';
import { pydicomDataFolder } from '../conformance/interop/pynetdicom.ts';

/**
 * Computed radiographs of pydicom's larger test set, a series of three each: MONOCHROME1, without a place and without a
 * spacing that says anything. RG1 is a chest of 1955×1841 pixels and 15 bits, RG3 a limb of 1760×1760 and 10 bits; by
 * Instance Number they are as they were acquired, in JPEG 2000, and after JPEG 2000 with losses.
 */
export async function radiograph(name: `${'RG1' | 'RG3'}_${'UNCR' | 'J2KR' | 'UNCI'}`): Promise<string> {
  return join(await pydicomDataFolder(), `${name}.dcm`);
}
