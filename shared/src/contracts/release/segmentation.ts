import Type, { type Static } from 'typebox';
import { strict } from '../common.ts';
import { Code, Label } from './code.ts';

export const Segment = strict({
  number: Type.Integer({ minimum: 1, maximum: 65_535 }),
  label: Label,
  category: Code,
  type: Code,
  /** Where in the body it is, when its type does not say. */
  anatomy: Type.Optional(Code),
});
export type Segment = Static<typeof Segment>;

const measurement = <K extends string, U extends string>(kind: K, unit: U) =>
  strict({ kind: Type.Literal(kind), segment: Type.Integer({ minimum: 1 }), unit: Type.Literal(unit) });

/**
 * What a report says of a segment. Area and diameters are those of its largest part on the slice where most of it is
 * marked; intensities are over all of it, in Hounsfield units in CT and in the scanner's own elsewhere.
 */
export const Measurement = Type.Union([
  measurement('volume', 'mL'),
  measurement('area', 'mm2'),
  measurement('diameter-longest', 'mm'),
  measurement('diameter-perpendicular', 'mm'),
  measurement('intensity-mean', 'source'),
  measurement('intensity-min', 'source'),
  measurement('intensity-max', 'source'),
  measurement('intensity-std', 'source'),
]);
export type Measurement = Static<typeof Measurement>;

/** A coded statement on a segment: `present` where at least `volume_mL_min` of it is marked, `absent` where not. */
export const Statement = strict({
  concept: Code,
  segment: Type.Integer({ minimum: 1 }),
  volume_mL_min: Type.Number({ minimum: 0, default: 0 }),
  present: Code,
  absent: Code,
});
export type Statement = Static<typeof Statement>;

/** When a model is too unsure to say anything: the mean probability of what it marked is below the bound. */
export const Abstention = strict({ mean_probability_below: Type.Number({ exclusiveMinimum: 0, maximum: 1 }) });
export type Abstention = Static<typeof Abstention>;
