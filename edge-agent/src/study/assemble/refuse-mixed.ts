import type { PlannedJob } from './plan-jobs.ts';
import type { SeriesFacts } from './select-series.ts';

/** A job that ended before it began, because nobody can say whose images its series holds. */
export type RefusedJob = PlannedJob & {
  readonly code: 'study-patients-mixed' | 'series-in-two-studies';
  readonly detail: string;
};

type Identity = Pick<SeriesFacts, 'seriesId' | 'patientKeys' | 'studies'>;

/**
 * Takes the jobs of a study apart that must not run: all of them when its images name more than one patient, and those
 * of a series whose UID stands in another study too. PS3.3 gives a study one patient and a series one study; where the
 * images say otherwise, either somebody's images are in the wrong place or corrections have come for a part of them only.
 *
 * @param series all of the study
 */
export function refuseMixed<J extends PlannedJob>(
  jobs: readonly J[],
  series: readonly Identity[],
): { readonly jobs: readonly J[]; readonly refused: readonly RefusedJob[] } {
  const patients = new Set(series.flatMap(({ patientKeys }) => patientKeys)).size;
  const problemOf = ({ seriesId }: PlannedJob): Pick<RefusedJob, 'code' | 'detail'> | undefined => {
    if (patients > 1)
      return { code: 'study-patients-mixed', detail: `the images of the study name ${patients} patients` };
    const studies = series.find((one) => one.seriesId === seriesId)?.studies ?? 1;
    return studies > 1
      ? { code: 'series-in-two-studies', detail: `the series UID stands in ${studies} studies` }
      : undefined;
  };
  const refused: RefusedJob[] = [];
  const good = jobs.filter((job) => {
    const problem = problemOf(job);
    if (problem !== undefined) refused.push({ ...job, ...problem });
    return problem === undefined;
  });
  return { jobs: good, refused };
}
