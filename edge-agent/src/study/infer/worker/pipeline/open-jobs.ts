import type { VolumeGrid } from '@collimator/shared/imaging/volume-grid';
import type { Result } from '@collimator/shared/result';
import type { Problem } from '../../../decode/problem.ts';
import type { SeriesPlan, StagePlan } from './plan.ts';
import { createSliceSource, type SliceSource } from './slice-source.ts';
import type { SliceThreads } from './slices/slice-threads.ts';
import { openWorkFolder, type WorkFolder } from './work-folder.ts';

type PreprocessedVolume = Promise<Result<VolumeGrid, Problem>>;

/** A job as one worker has it open. */
export type OpenJob = {
  readonly folder: WorkFolder;
  readonly series: SeriesPlan;
  readonly source: SliceSource;
  stage(index: number): Promise<StagePlan>;
  /** The preprocessed volume of a stage; made once while the job is the newest. */
  volume(stage: number, make: () => PreprocessedVolume): PreprocessedVolume;
  /** Gives up all pixels. */
  forget(): void;
};

export type OpenJobs = {
  /** The job of a work folder; its plan is read when it is not open yet. */
  open(workFolder: string): Promise<OpenJob>;
  /** Opens a job that this worker has just planned. */
  planned(workFolder: string, series: SeriesPlan): OpenJob;
  close(workFolder: string): void;
};

/** Jobs that a worker has open at once; of all but the newest it keeps no pixels. */
const OPEN_JOBS_MAX = 4;

export function createOpenJobs(threads: SliceThreads): OpenJobs {
  /** The newest is the last. */
  const jobs = new Map<string, OpenJob>();

  function keep(workFolder: string, job: OpenJob): OpenJob {
    jobs.delete(workFolder);
    for (const [other, its] of jobs) {
      its.forget();
      if (jobs.size >= OPEN_JOBS_MAX) jobs.delete(other);
    }
    jobs.set(workFolder, job);
    return job;
  }

  function planned(workFolder: string, series: SeriesPlan): OpenJob {
    const folder = openWorkFolder(workFolder);
    const stages = new Map<number, Promise<StagePlan>>();
    let volume: { readonly stage: number; readonly made: PreprocessedVolume } | undefined;
    const source = createSliceSource(series.frames, threads);
    const job: OpenJob = {
      ...{ folder, series, source },
      stage(index) {
        const known = stages.get(index) ?? folder.readStage(index);
        stages.set(index, known);
        // One that cannot be read now is asked for again.
        known.catch(() => stages.delete(index));
        return known;
      },
      volume(stage, make) {
        if (volume?.stage === stage) return volume.made;
        const made = make();
        volume = { stage, made };
        made.catch(() => (volume = undefined));
        return made;
      },
      forget() {
        source.forget();
        volume = undefined;
      },
    };
    return keep(workFolder, job);
  }

  return {
    planned,
    async open(workFolder) {
      const known = jobs.get(workFolder);
      if (known !== undefined) return keep(workFolder, known);
      return planned(workFolder, await openWorkFolder(workFolder).readSeries());
    },
    close: (workFolder) => void jobs.delete(workFolder),
  };
}
