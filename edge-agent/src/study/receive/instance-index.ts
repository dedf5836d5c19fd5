import type { InstanceHeader } from './header/instance-header.ts';

/**
 * What the index says of an instance by SOP Instance UID:
 * `stored` it was not known and is now; `duplicate` it is known with the same `dataSetSha256`;
 * `conflict` it is known with another one, and nothing was changed; `conflict-of-own` the same of a result of ours;
 * `conflict-of-prior` the same where what came was fetched as a prior: what was received before stays;
 * `displaces-prior` the same where what is known was fetched as a prior: it is to make room.
 */
export type IndexOutcome =
  | 'stored'
  | 'duplicate'
  | 'conflict'
  | 'conflict-of-own'
  | 'conflict-of-prior'
  | 'displaces-prior';

/** Nothing was changed: other bytes are known under the same UID. */
export type IndexConflict = Exclude<IndexOutcome, 'stored' | 'duplicate'>;

export const isConflict = (outcome: IndexOutcome): outcome is IndexConflict =>
  outcome !== 'stored' && outcome !== 'duplicate';

/** The durable list of instances. When `record` resolves, its answer survives a crash and a loss of power. */
export type InstanceIndex = {
  /** @param path of the file, relative to the data folder, with `/` */
  record(header: InstanceHeader, path: string): Promise<IndexOutcome>;
};
