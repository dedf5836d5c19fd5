import type { RouteSelect } from '@collimator/shared/contracts/agent-config/route-select';
import type { Selector } from '@collimator/shared/contracts/release';
import { descriptionPattern } from './description-pattern.ts';

/** What is known of one series of a complete study. */
export type SeriesFacts = {
  readonly seriesId: number;
  readonly modality: string;
  readonly bodyPart: string;
  readonly description: string;
  readonly sopClassUids: readonly string[];
  /** Planes of its images; '' stands for images without one. */
  readonly orientations: readonly string[];
  /** Images, a multi-frame one counted by its frames. */
  readonly slices: number;
  /** Keys of the patients that its images name; see patient-key.ts. */
  readonly patientKeys: readonly string[];
  /** Studies in which its series UID stands; more than one is a fault of the source. */
  readonly studies: number;
  /** Of the images that say how thick they are, mm; null where none does. */
  readonly thinnest_mm: number | null;
  readonly thickest_mm: number | null;
  /** Whether an image does not say how thick it is. */
  readonly thicknessMissing: boolean;
  /** Calling AE titles that brought it. */
  readonly sources: readonly string[];
  /** Images that are left, those of the series that are here and were rejected, and how many came in their place. */
  readonly images: number;
  readonly rejected: number;
  readonly replaced: number;
  /** Id of the last image of the series. */
  readonly through: number;
};

/** Which condition failed. Names of conditions only: the values may say something of a patient. */
export type Condition =
  | 'modality'
  | 'sop-class'
  | 'body-part'
  | 'series-description'
  | 'series-description-pattern-invalid'
  | 'slices-too-few'
  | 'slices-too-many'
  | 'thickness-unknown'
  | 'slices-too-thin'
  | 'slices-too-thick'
  | 'orientation'
  | 'source';

/** A condition of the release's selector as it is; one of the route's with a prefix. */
export type Reason = Condition | `route:${Condition}`;

export type Selection = { readonly selected: boolean; readonly reasons: readonly Reason[] };

/** Decides whether a series is for a route: what its release selects and what the route itself asks for must both hold. */
export function selectForRoute(selector: Selector, select: RouteSelect, series: SeriesFacts): Selection {
  const ofRoute = failedConditions(select, series).map((condition) => `route:${condition}` as const);
  const reasons = [...failedConditions(selector, series), ...ofRoute];
  return { selected: reasons.length === 0, reasons };
}

/**
 * The conditions of a selector that a series does not meet: every one that is stated must hold, and every image of the
 * series must fit it. All failed conditions are told, not the first only.
 */
export function failedConditions(selector: Selector | RouteSelect, series: SeriesFacts): readonly Condition[] {
  const failed: Condition[] = [];
  const need = (holds: boolean, condition: Condition): void => {
    if (!holds) failed.push(condition);
  };
  const needAll = (values: readonly string[], wanted: readonly string[] | undefined, condition: Condition): void => {
    if (wanted !== undefined) need(wanted.length > 0 && values.every((one) => wanted.includes(one)), condition);
  };
  const { modality, sop_classes, body_part, series_description, slices, orientation } = selector;
  needAll([series.modality], modality, 'modality');
  needAll(series.sopClassUids, sop_classes, 'sop-class');
  needAll([series.bodyPart.toUpperCase()], body_part, 'body-part');
  if (series_description !== undefined) {
    const fits = descriptionPattern(series_description);
    if (fits === undefined) failed.push('series-description-pattern-invalid');
    else need(fits(series.description), 'series-description');
  }
  need(series.slices >= (slices?.min ?? 0), 'slices-too-few');
  need(series.slices <= (slices?.max ?? Number.POSITIVE_INFINITY), 'slices-too-many');
  needAll(series.orientations, orientation, 'orientation');
  if ('thickness_mm' in selector && selector.thickness_mm !== undefined) {
    const { min = 0, max = Number.POSITIVE_INFINITY } = selector.thickness_mm;
    need(!series.thicknessMissing, 'thickness-unknown');
    need((series.thinnest_mm ?? min) >= min, 'slices-too-thin');
    need((series.thickest_mm ?? max) <= max, 'slices-too-thick');
  }
  if ('source' in selector) needAll(series.sources, selector.source, 'source');
  return failed;
}
