import { join } from 'node:path';
import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import { errorCatalogue } from '@collimator/shared/errors/catalogue';
import type { Store } from '@collimator/shared/sqlite/store';
import { createSqlitePriorFetches } from '../../store/sqlite-prior-fetches.ts';
import { createSqlitePriors } from '../../store/sqlite-priors.ts';
import type { Priors, PriorStudy } from '../infer/protocol.ts';
import type { InstanceHeader } from '../receive/header/instance-header.ts';
import { createPriorStage, type PriorStage, type PriorStageDeps } from './prior-stage.ts';
import type { PriorReason } from './settle-request.ts';

export type PriorsWayDeps = Omit<PriorStageDeps, 'settings' | 'aeTitle' | 'priors' | 'fetches'> & {
  readonly store: Store;
  readonly config: Pick<AgentConfig, 'priors' | 'dicom'>;
};

/** Everything about priors that others need. */
export type PriorsWay = {
  readonly stage: PriorStage;
  /** Whether an image comes because we asked for its study. */
  isFetched(header: Pick<InstanceHeader, 'studyInstanceUid' | 'callingAeTitle' | 'moveOriginatorAeTitle'>): boolean;
  /** What a job is given; undefined where its release asks for nothing. */
  of(jobId: number): Priors | undefined;
  /** Jobs that wait. */
  waiting(): number;
};

/**
 * A PACS that does not say whose C-MOVE it is answering is taken to be answering ours until so long after the last that
 * was heard of that.
 */
const STRAGGLERS_MS = 600_000;

export function createPriorsWay(deps: PriorsWayDeps): PriorsWay {
  const { store, config, dataDir, now } = deps;
  const priors = createSqlitePriors(store);
  const fetches = createSqlitePriorFetches(store);
  const aeTitle = config.dicom.ae_title;
  const sendsAs = config.priors?.source.sends_as ?? config.priors?.source.ae_title;
  return {
    stage: createPriorStage({ ...deps, settings: config.priors, aeTitle, priors, fetches }),
    isFetched({ studyInstanceUid, callingAeTitle, moveOriginatorAeTitle: originator }) {
      if (callingAeTitle !== sendsAs || (originator !== undefined && originator !== aeTitle)) return false;
      // Who says whose question it answers is believed for as long as the question is remembered.
      return fetches.isAskedFor(studyInstanceUid, originator === undefined ? now() - STRAGGLERS_MS : 0);
    },
    of(jobId) {
      const told = fetches.told(jobId);
      if (told === undefined) return undefined;
      const studies = fetches.offered(jobId).map(absolute(dataDir));
      return { studies, why: studies.length > 0 ? undefined : whyNone(told) };
    },
    waiting: () => priors.open(),
  };
}

const absolute =
  (dataDir: string) =>
  (study: PriorStudy): PriorStudy => ({
    ...study,
    series: study.series.map((series) => ({ ...series, files: series.files.map((path) => join(dataDir, path)) })),
  });

/** In words for the report. */
function whyNone({ reason }: { readonly reason: string | null }): string {
  return reason === null ? 'the archive names none' : errorCatalogue[reason as PriorReason].what;
}
