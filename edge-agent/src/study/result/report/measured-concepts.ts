import type { Code, Measurement } from '@collimator/shared/contracts/release';
import { dcm, own, sct } from '../elements/code.ts';

/** How a measured value stands in a report: what it is of, how it was derived, its unit. */
export type MeasuredConcept = { readonly concept: Code; readonly derivation?: Code; readonly unit: Code };

const ucum = (code: string, meaning: string): Code => ({ scheme: 'UCUM', code, meaning });

const sizes: Readonly<Partial<Record<Measurement['kind'], MeasuredConcept>>> = {
  volume: { concept: sct('118565006', 'Volume'), unit: ucum('mL', 'mL') },
  area: { concept: sct('42798000', 'Area'), unit: ucum('mm2', 'mm2') },
  'diameter-longest': { concept: sct('103339001', 'Long Axis'), unit: ucum('mm', 'mm') },
  'diameter-perpendicular': { concept: sct('103340004', 'Short Axis'), unit: ucum('mm', 'mm') },
};

/** CID 7464, General Region of Interest Measurement Modifiers. */
const derivations: Readonly<Partial<Record<Measurement['kind'], Code>>> = {
  'intensity-mean': sct('373098007', 'Mean'),
  'intensity-min': sct('255605001', 'Minimum'),
  'intensity-max': sct('56851009', 'Maximum'),
  'intensity-std': sct('386136009', 'Standard Deviation'),
};

/** What pixel values are, by modality (CID 7180): Hounsfield units in CT; elsewhere they have no unit that we know. */
const intensities: Readonly<Record<string, MeasuredConcept>> = {
  CT: { concept: dcm('112031', 'Attenuation Coefficient'), unit: ucum("[hnsf'U]", 'Hounsfield unit') },
  MR: { concept: dcm('110852', 'MR signal intensity'), unit: ucum('1', 'no units') },
};
const pixelValue: MeasuredConcept = {
  concept: own('pixel-value', 'Rescaled pixel value'),
  unit: ucum('1', 'no units'),
};

/** The codes of a kind of measurement on images of a modality. */
export function measuredConcept(kind: Measurement['kind'], modality: string | undefined): MeasuredConcept {
  const size = sizes[kind];
  if (size !== undefined) return size;
  const derivation = derivations[kind];
  const intensity = intensities[modality ?? ''] ?? pixelValue;
  return derivation === undefined ? intensity : { ...intensity, derivation };
}
