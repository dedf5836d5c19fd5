import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runTool } from './tools.ts';

/**
 * Puts the files of a classic series into one legacy converted enhanced image (PS3.3 §A.70, §A.71) with PixelMed's
 * factory, which groups them by what they have in common.
 *
 * @returns the paths of the images that it wrote
 */
export async function enhancedOf(classic: readonly string[], out: string): Promise<readonly string[]> {
  mkdirSync(out, { recursive: true });
  const factory = ['-cp', '/usr/share/java/pixelmed.jar', 'com.pixelmed.dicom.MultiFrameImageFactory'];
  const { exit, output } = await runTool('java', [...factory, dirname(classic[0] as string), out]);
  const written = readdirSync(out).map((name) => join(out, name));
  if (exit !== 0 || written.length === 0) throw new Error(output);
  return written;
}
