import { join } from 'node:path';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import { errorCatalogue } from '@collimator/shared/errors/catalogue';
import type { Log } from '@collimator/shared/observe/log';
import type { Jobs } from '../../store/sqlite-jobs.ts';
import type { PriorRequest, Settled, SqlitePriors, WantedFacts } from '../../store/sqlite-priors.ts';
import type { SliceReader } from '../decode/slice-reader.ts';
import { step } from '../queue/job-state.ts';
import type { CurrentStudy } from './choose-priors.ts';
import { readStudyOf } from './read-current-study.ts';
import type { Person } from './same-patient.ts';
import { judgeSeries, outcomeOf, outcomeOfReason, type PriorReason } from './settle-request.ts';

export type SettlerDeps = {
  readonly priors: Pick<SqlitePriors, 'settle' | 'wanted'>;
  readonly jobs: Pick<Jobs, 'get'>;
  readonly reader: Pick<SliceReader, 'readSubject'>;
  /** Absolute. */
  readonly dataDir: string;
  readonly currentStudy: (jobId: number) => Promise<CurrentStudy | undefined>;
  readonly now: () => number;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  /** A job waits no longer, or has been refused. */
  readonly onSettled: () => void;
};

/** Ends requests: decides what the job is given, or that it cannot be run without. */
export type Settler = {
  /** With what is here. */
  settle(request: PriorRequest): Promise<void>;
  /** With nothing: nobody could be asked, or nobody answered. */
  end(request: PriorRequest, reason: PriorReason): Promise<void>;
};

export function createSettler(deps: SettlerDeps): Settler {
  const { priors, now, log } = deps;

  async function finish(request: PriorRequest, found: Omit<Settled, 'refused'>): Promise<void> {
    const { jobId, wants, deadline_ms } = request;
    const row = deps.jobs.get(jobId);
    const refusing = wants.required && found.outcome !== 'found' && row !== undefined;
    const why = `${found.outcome}${found.reason === undefined ? '' : `: ${errorCatalogue[found.reason].what}`}`;
    const to = refusing ? step(row.job, { type: 'refused', code: 'priors-missing', detail: why }) : undefined;
    const refused = refusing && to?.ok === true ? { refused: { row, to: to.value } } : {};
    if (!(await priors.settle(request, { ...found, ...refused }, now()))) return;
    deps.checkpoint('priors-settled');
    const offered = found.verdicts.filter((one) => one.offered);
    log.event('priors-settled', {
      job: jobId,
      outcome: found.outcome,
      ...(found.reason !== undefined && { reason: found.reason }),
      studies: new Set(offered.map(({ studyInstanceUid }) => studyInstanceUid)).size,
      series: offered.length,
      refused: 'refused' in refused,
      waited_ms: Math.round(now() - (deadline_ms - 1000 * wants.wait_s_max)),
    });
    deps.onSettled();
  }

  async function peopleIn({ samples }: WantedFacts): Promise<readonly (Person | undefined)[]> {
    const read = samples.map((path) => readStudyOf(deps.reader, join(deps.dataDir, path)));
    return (await Promise.all(read)).map((study) => study?.person);
  }

  return {
    async settle(request) {
      if (request.state === 'asking') return this.end(request, 'priors-late');
      const wanted = priors.wanted(request.jobId);
      const current = wanted.length === 0 ? undefined : await deps.currentStudy(request.jobId);
      const verdicts: Settled['verdicts'][number][] = [];
      for (const one of wanted) {
        const { studyInstanceUid, seriesInstanceUid } = one;
        const people = await peopleIn(one);
        const verdict =
          current === undefined
            ? ({ offered: false, reason: 'priors-unknown-patient' } as const)
            : judgeSeries({ ...one, people }, current.person, request.wants);
        verdicts.push({ studyInstanceUid, seriesInstanceUid, ...verdict });
      }
      await finish(request, { ...outcomeOf(verdicts), verdicts });
    },
    end: (request, reason) => finish(request, { outcome: outcomeOfReason(reason), reason, verdicts: [] }),
  };
}
