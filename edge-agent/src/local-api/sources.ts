import type { PriorityName } from '@collimator/shared/contracts/common';
import type {
  AgentStatus,
  Prioritized,
  Readiness,
  Retried,
  StudyRouting,
  StudySummary,
} from '@collimator/shared/contracts/local-api';
import type { DeviceRelease } from '@collimator/shared/contracts/messages';
import type { QuarantineDesk } from '../study/receive/quarantine/quarantine-desk.ts';
import type { Metrics } from '../observe/metrics.ts';

/** What the routes ask of the running agent. */
export type LocalApiSources = {
  readonly agentVersion: string;
  readonly readiness: () => Readiness;
  readonly status: () => AgentStatus;
  readonly studies: (limit: number) => readonly StudySummary[];
  /** Undefined for a key that no study has. */
  readonly study: (key: number) => StudySummary | undefined;
  readonly quarantine: QuarantineDesk;
  /** Why each route took each series of a study or left it; undefined for a key that no study has. */
  readonly routing: (key: number) => StudyRouting | undefined;
  /** Takes up again what has failed in a study; undefined for a key that no study has. */
  readonly retry: (key: number) => Promise<Retried | undefined>;
  /** Gives the queued jobs of a study another class; undefined for a key that no study has. */
  readonly prioritize: (key: number, priority: PriorityName) => Promise<Prioritized | undefined>;
  readonly releases: () => readonly DeviceRelease[];
  readonly metrics: Metrics;
};
