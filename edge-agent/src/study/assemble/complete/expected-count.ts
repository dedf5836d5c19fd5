/** Instances of one series: as the source counts them, or as they are here. */
export type SeriesCount = { readonly seriesInstanceUid: string; readonly instances: number };

/** What a source says of a study, by its series. */
export type ExpectedStudy = {
  /** Instances that the study has when all that the source lists is here; never fewer than are here. */
  readonly instances: number;
  /** Series that are here as the source counts them. */
  readonly whole: readonly SeriesCount[];
};

/**
 * Puts the counts of a source beside what is here. A series of which fewer are listed than held is whole; a series that
 * is not here at all is missing, unless it is one of our own results, which the source may have and need not send back.
 */
export function expectedOf(
  listed: readonly SeriesCount[],
  held: readonly SeriesCount[],
  isOurs: (seriesInstanceUid: string) => boolean,
): ExpectedStudy {
  const here = new Map(held.map((one) => [one.seriesInstanceUid, one.instances]));
  let instances = held.reduce((sum, one) => sum + one.instances, 0);
  const whole: SeriesCount[] = [];
  const counts = new Map<string, number>();
  for (const { seriesInstanceUid: uid, instances: count } of listed)
    counts.set(uid, Math.max(count, counts.get(uid) ?? 0));
  for (const [seriesInstanceUid, count] of counts) {
    if (isOurs(seriesInstanceUid)) continue;
    const missing = count - (here.get(seriesInstanceUid) ?? 0);
    if (missing > 0) instances += missing;
    else whole.push({ seriesInstanceUid, instances: count });
  }
  return { instances, whole };
}
