import { join } from 'node:path';
import { readLog } from '../fakes/received-log.ts';
import { isReport, isSegmentation, readResult } from '../demo/result-objects.ts';

/** What the PACS holds for one study, however often it came. */
export type StudyOutcome = {
  readonly segmentations: number;
  readonly reports: number;
  readonly others: number;
  /** Receptions beyond the first of each object. */
  readonly repeats: number;
  /** Repeats that came with other bytes than the first time. */
  readonly changed: number;
};

/** Reads the receiver's log: every reception, and the files of the study. */
export async function studyOutcome(folder: string, studyUid: string): Promise<StudyOutcome> {
  const received = (await readLog(join(folder, 'log.jsonl'))).filter((line) => line.type === 'instance');
  const files = [...new Set(received.map((line) => line.file))].map((file) => readResult(join(folder, file)));
  const mine = files.filter((object) => object.dataSet.string('x0020000d') === studyUid);
  const uids = new Set(mine.map((object) => object.sop_instance_uid));
  const receptions = received.filter((line) => uids.has(line.sopInstanceUid));
  const segmentations = mine.filter(isSegmentation).length;
  const reports = mine.filter(isReport).length;
  return {
    segmentations,
    reports,
    others: mine.length - segmentations - reports,
    repeats: receptions.length - uids.size,
    changed: receptions.filter((line) => !line.bytesEqual).length,
  };
}
