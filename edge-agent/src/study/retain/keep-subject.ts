import { join } from 'node:path';
import { sopClasses } from '@collimator/shared/dicom/uids';
import type { KeptJob, SentJob, Withdrawable } from '../../store/sqlite-withdrawable.ts';
import type { SliceReader } from '../decode/slice-reader.ts';
import { writeResult } from '../infer/write-result.ts';
import { part10File } from '../result/elements/part10-file.ts';

export type SubjectKeeperDeps = {
  readonly withdrawable: Pick<Withdrawable, 'about'>;
  readonly reader: Pick<SliceReader, 'readSubject'>;
  /** Absolute. */
  readonly dataDir: string;
};

/**
 * Puts the patient and study that the results of a job name into a small file of their own, durably: what a rejection
 * note of ours for them needs once they are gone. The elements stay the bytes that they were.
 *
 * @throws Error when no result can be read, or the file cannot be written
 */
export async function keepSubject(job: SentJob, deps: SubjectKeeperDeps): Promise<KeptJob> {
  const subjectPath = `withdrawable/${job.jobId}.dcm`;
  const whys: string[] = [];
  for (const [index, file] of job.files.entries()) {
    const subject = await deps.reader.readSubject(join(deps.dataDir, file));
    if (!subject.ok) {
      whys.push(`${subject.error.code}: ${subject.error.detail}`);
      continue;
    }
    const sopInstanceUid = job.results[index]?.sopInstanceUid ?? '';
    const identity = { sopClassUid: sopClasses.keyObjectSelection, sopInstanceUid };
    await deps.withdrawable.about(subjectPath);
    await writeResult(join(deps.dataDir, subjectPath), part10File(identity, subject.value));
    return { ...job, subjectPath };
  }
  throw new Error(whys[0] ?? `job ${job.jobId} has no result`);
}
