import type { AgentStatus, Readiness, StudySummary } from '@collimator/shared/contracts/local-api';
import type { DeviceRelease } from '@collimator/shared/contracts/messages';
import type { Metrics } from '../observe/metrics.ts';

/** What the routes ask of the running agent. */
export type LocalApiSources = {
  readonly agentVersion: string;
  readonly readiness: () => Readiness;
  readonly status: () => AgentStatus;
  readonly studies: (limit: number) => readonly StudySummary[];
  readonly releases: () => readonly DeviceRelease[];
  readonly metrics: Metrics;
};
