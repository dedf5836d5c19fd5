import { atLeast, atMost, type Goal, goalOf } from '../report.ts';
import type { Run } from './measure.ts';
import type { ServerName } from './servers.ts';

export type SingleFigures = {
  /** Peak resident memory of the receiving node for one object of 400 MB, MB. */
  readonly rss_400mb_mb: number;
  /** Header index of an instance, ms: the medians of the rounds. */
  readonly index_ms: readonly number[];
};

/** Ours ÷ theirs, repetition by repetition: two runs side by side in time. */
export function ratios(
  runs: readonly Run[],
  figure: 'images_per_s' | 'cpu_ms_per_image',
  peer: ServerName,
  associations: number,
): number[] {
  const of = (server: ServerName): Run[] =>
    runs.filter((run) => run.server === server && run.associations === associations && run.load === imagesLoad);
  return of('collimator').flatMap((ours) => {
    const theirs = of(peer).find(({ repetition }) => repetition === ours.repetition);
    return theirs === undefined ? [] : [ours[figure] / theirs[figure]];
  });
}

/** The goals of the benchmark from its runs. */
export function goalsOf(runs: readonly Run[], { rss_400mb_mb, index_ms }: SingleFigures): Goal[] {
  const rate = (name: string, peer: ServerName, associations: number, goal: number): Goal =>
    goalOf(`${name}@${associations}`, ratios(runs, 'images_per_s', peer, associations), '', atLeast(goal));
  return [
    rate('rate_vs_storescp_default', 'storescp', 4, 1),
    rate('rate_vs_storescp_default', 'storescp', 16, 1),
    rate('rate_vs_storescp_best', 'storescp at its best', 4, 0.8),
    rate('rate_vs_storescp_best', 'storescp at its best', 16, 0.8),
    rate('rate_vs_orthanc', 'orthanc', 4, 2.5),
    rate('rate_vs_orthanc', 'orthanc', 16, 2.5),
    rate('rate_vs_orthanc', 'orthanc', 1, 1),
    goalOf('cpu_vs_storescp@4', ratios(runs, 'cpu_ms_per_image', 'storescp', 4), '', atMost(1)),
    goalOf('rss_400mb_mb', [rss_400mb_mb], 'MB', atMost(100)),
    goalOf('index_ms', index_ms, 'ms', atMost(0.3)),
  ].filter(({ value }) => Number.isFinite(value)); // Not measured in this call.
}

/** Name of the load that the goals are of. */
export const imagesLoad = 'images';
/** Name of the load of many studies. */
export const studiesLoad = 'studies';
