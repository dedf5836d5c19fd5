import { constants } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { readStudyFiles } from '../store/read-study-files.ts';

export type Exported = {
  readonly study: string;
  readonly folder: string;
  readonly images: number;
  readonly results: number;
};

/**
 * Copies the images of a study and the results made of it, as Part 10 files, into `FOLDER/study-KEY`, which must not
 * exist. Needs no running agent, but the right to read its data folder: what comes out names the patient.
 */
export async function exportStudy(dataDir: string, study: string, to: string): Promise<Exported> {
  const files = readStudyFiles(join(dataDir, 'agent.sqlite'), Number(study));
  if (files === undefined) throw new CodedError('study-unknown', study);
  const folder = join(to, `study-${study}`);
  const failed = (error: unknown) =>
    new CodedError('study-export-failed', `${folder} (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`, {
      cause: error,
    });
  try {
    await mkdir(to, { recursive: true });
    await mkdir(folder, { mode: 0o700 });
    for (const { path, name } of files) {
      const target = join(folder, name);
      await mkdir(dirname(target), { recursive: true });
      await copyFile(join(dataDir, path), target, constants.COPYFILE_EXCL);
    }
  } catch (error) {
    throw failed(error);
  }
  const images = files.filter(({ name }) => name.startsWith('images/')).length;
  return { study, folder, images, results: files.length - images };
}
