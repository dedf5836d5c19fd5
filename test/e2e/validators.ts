import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { srValidatorCommand } from '../peers/pixelmed.ts';

const run = promisify(execFile);

/** What a validator said, whatever its exit code. */
export type Verdict = { readonly code: number; readonly text: string };

const textBytesMax = 16 * 1024 * 1024;

async function verdictOf(file: string, args: readonly string[]): Promise<Verdict> {
  try {
    const { stdout, stderr } = await run(file, args, { maxBuffer: textBytesMax });
    return { code: 0, text: stdout + stderr };
  } catch (error) {
    const failed = error as { readonly code?: number | string; readonly stdout?: string; readonly stderr?: string };
    if (typeof failed.code !== 'number') throw error;
    return { code: failed.code, text: `${failed.stdout ?? ''}${failed.stderr ?? ''}` };
  }
}

/** dicom3tools: an object against its IOD. */
export const dciodvfy = (path: string): Promise<Verdict> => verdictOf('dciodvfy', [path]);

/** dcmtk: an SR as text, long values in full. */
export const dsrdump = (path: string): Promise<Verdict> => verdictOf('dsrdump', ['+Pl', path]);

/** PixelMed: an SR against the templates of PS3.16. */
export async function dicomSrValidator(path: string): Promise<Verdict> {
  const { program, args } = srValidatorCommand(path);
  return verdictOf(program, args);
}
