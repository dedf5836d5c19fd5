/**
 * What a slice says of the volume it belongs to, beside its position. Slices that differ in one of `distinct` are of
 * different volumes wherever they lie. Those of `varying` may differ from slice to slice of one volume (each slice of a
 * gated series has its own trigger time); they only explain why two slices lie at the same place.
 */
export type FrameLabels = {
  readonly distinct: Readonly<Partial<Record<DistinctLabel, string>>>;
  readonly varying: Readonly<Partial<Record<VaryingLabel, string>>>;
};

/** As they are named in the reason of a refusal, in the plural. */
export type DistinctLabel =
  | 'stacks'
  | 'temporal positions'
  | 'echoes'
  | 'b-values'
  | 'diffusion directions'
  | 'image components';
export type VaryingLabel = 'trigger times' | 'image types' | 'acquisitions';

type Labelled = { readonly labels?: FrameLabels };

/** How many different values each distinct label has, for those that have more than one; a missing value is one of them. */
export const distinctions = (slices: readonly Labelled[]): readonly string[] =>
  severalOf(slices, ({ labels }) => labels?.distinct ?? {});

/** The same for labels that may vary. */
export const variations = (slices: readonly Labelled[]): readonly string[] =>
  severalOf(slices, ({ labels }) => labels?.varying ?? {});

function severalOf(
  slices: readonly Labelled[],
  labelsOf: (slice: Labelled) => Readonly<Record<string, string>>,
): readonly string[] {
  const values = new Map<string, Map<string, number>>();
  for (const slice of slices)
    for (const [name, value] of Object.entries(labelsOf(slice))) {
      const counts = values.get(name) ?? new Map<string, number>();
      counts.set(value, (counts.get(value) ?? 0) + 1);
      values.set(name, counts);
    }
  return [...values].flatMap(([name, counts]) => {
    const labelled = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const different = counts.size + (labelled < slices.length ? 1 : 0);
    return different > 1 ? [`${different} ${name}`] : [];
  });
}
