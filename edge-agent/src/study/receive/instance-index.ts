import type { InstanceHeader } from './header/instance-header.ts';

/**
 * What the index says of an instance by SOP Instance UID:
 * `stored` it was not known and is now; `duplicate` it is known with the same `dataSetSha256`;
 * `conflict` it is known with another one, and nothing was changed; `conflict-of-own` the same of a result of ours.
 */
export type IndexOutcome = 'stored' | 'duplicate' | 'conflict' | 'conflict-of-own';

/** The durable list of instances. When `record` resolves, its answer survives a crash and a loss of power. */
export type InstanceIndex = {
  /** @param path of the file, relative to the data folder, with `/` */
  record(header: InstanceHeader, path: string): Promise<IndexOutcome>;
};
