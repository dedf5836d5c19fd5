import type { Static } from 'typebox';
import type { Selector } from '@collimator/shared/contracts/release';

/** What is known of one series of a complete study. `orientations` holds '' for images without one. */
export type SeriesFacts = {
  readonly seriesId: number;
  readonly modality: string;
  readonly bodyPart: string;
  readonly description: string;
  readonly sopClassUids: readonly string[];
  readonly orientations: readonly string[];
  readonly slices: number;
  /** Keys of the patients that its images name; see patient-key.ts. */
  readonly patientKeys: readonly string[];
  /** Studies in which its series UID stands; more than one is a fault of the source. */
  readonly studies: number;
  /** Id of the last image of the series. */
  readonly through: number;
};

/** Which condition failed. Names of conditions only: the values may say something of a patient. */
export type Reason =
  | 'modality'
  | 'sop-class'
  | 'body-part'
  | 'series-description'
  | 'series-description-pattern-invalid'
  | 'slices-too-few'
  | 'slices-too-many'
  | 'orientation';

export type Selection = { readonly selected: boolean; readonly reasons: readonly Reason[] };

/** Longest Series Description looked at; LO allows 64 characters (PS3.5 §6.2). */
const DESCRIPTION_LENGTH_MAX = 256;

/**
 * Decides whether a series is for a release: every condition that the selector states must hold, and every image of
 * the series must fit it. All failed conditions are told, not the first only.
 */
export function selectSeries(selector: Static<typeof Selector>, series: SeriesFacts): Selection {
  const reasons: Reason[] = [];
  const need = (holds: boolean, reason: Reason): void => {
    if (!holds) reasons.push(reason);
  };
  const { modality, sop_classes, body_part, series_description, slices, orientation } = selector;
  if (modality !== undefined) need(modality.includes(series.modality), 'modality');
  if (sop_classes !== undefined)
    need(
      series.sopClassUids.every((uid) => sop_classes.includes(uid)),
      'sop-class',
    );
  if (body_part !== undefined) need(body_part.includes(series.bodyPart.toUpperCase()), 'body-part');
  if (series_description !== undefined) {
    const pattern = patternOf(series_description);
    if (pattern === undefined) reasons.push('series-description-pattern-invalid');
    else need(pattern.test(series.description.slice(0, DESCRIPTION_LENGTH_MAX)), 'series-description');
  }
  if (slices !== undefined) {
    need(series.slices >= slices.min, 'slices-too-few');
    need(series.slices <= slices.max, 'slices-too-many');
  }
  if (orientation !== undefined) {
    const wanted: readonly string[] = orientation;
    need(
      series.orientations.every((one) => wanted.includes(one)),
      'orientation',
    );
  }
  return { selected: reasons.length === 0, reasons };
}

/** A regular expression with the leading inline flags `(?i)`, `(?s)`, `(?m)` that Python knows and JavaScript does not. */
function patternOf(text: string): RegExp | undefined {
  const flags = /^\(\?([ims]+)\)/.exec(text);
  try {
    return new RegExp(text.slice(flags?.[0].length ?? 0), [...new Set(`u${flags?.[1] ?? ''}`)].join(''));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
