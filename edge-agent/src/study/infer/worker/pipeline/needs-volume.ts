import { isSegmentation, type Stage } from '@collimator/shared/contracts/release';

/**
 * Why a pipeline works on nothing but volumes; undefined where it takes images that do not say where they lie: its
 * stages look at each image on its own and no distance of two images is asked for.
 */
export function whyVolume(stages: readonly Stage[]): string | undefined {
  for (const stage of stages) {
    if (stage.unit === 'volume') return `stage ${stage.name} takes volumes`;
    if (isSegmentation(stage)) return `stage ${stage.name} marks voxels`;
    if ('selection' in stage && (stage.selection?.margin_mm ?? 0) > 0)
      return `stage ${stage.name} selects slices by their distance`;
  }
  return undefined;
}
