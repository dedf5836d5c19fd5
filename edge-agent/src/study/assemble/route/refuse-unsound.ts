import type { PlannedJob } from './plan-jobs.ts';
import type { SeriesFacts } from './select-series.ts';

/** A job that ended before it began, because nobody can say whose images its series holds, or whether they are all. */
export type RefusedJob = PlannedJob & {
  readonly code: 'study-patients-mixed' | 'series-in-two-studies' | 'series-partly-rejected';
  readonly detail: string;
};

type Facts = Pick<SeriesFacts, 'seriesId' | 'patientKeys' | 'studies' | 'images' | 'rejected' | 'replaced'>;

/**
 * Takes the jobs of a study apart that must not run: all of them when its images name more than one patient, and those
 * of a series whose UID stands in another study too, or of which images were rejected and not replaced. PS3.3 gives a study one patient and a series one study; where the
 * images say otherwise, either somebody's images are in the wrong place or corrections have come for a part of them only.
 * What a rejection leaves of a series may lack its first or last slices, which no gap would show.
 *
 * @param series all of the study
 */
export function refuseUnsound<J extends PlannedJob>(
  jobs: readonly J[],
  series: readonly Facts[],
): { readonly jobs: readonly J[]; readonly refused: readonly RefusedJob[] } {
  const patients = new Set(series.flatMap(({ patientKeys }) => patientKeys)).size;
  const problemOf = ({ seriesId }: PlannedJob): Pick<RefusedJob, 'code' | 'detail'> | undefined => {
    if (patients > 1)
      return { code: 'study-patients-mixed', detail: `the images of the study name ${patients} patients` };
    const one = series.find(({ seriesId: id }) => id === seriesId);
    if (one === undefined) return undefined;
    const { studies, images, rejected, replaced } = one;
    if (studies > 1) return { code: 'series-in-two-studies', detail: `the series UID stands in ${studies} studies` };
    if (replaced >= rejected) return undefined;
    return {
      code: 'series-partly-rejected',
      detail: `${rejected} of ${images + rejected} images of the series were rejected, ${replaced} came in their place`,
    };
  };
  const refused: RefusedJob[] = [];
  const good = jobs.filter((job) => {
    const problem = problemOf(job);
    if (problem !== undefined) refused.push({ ...job, ...problem });
    return problem === undefined;
  });
  return { jobs: good, refused };
}
