import Type, { type Static } from 'typebox';
import { strict } from '../common.ts';

/** What a route may ask for: segmentation, report, secondary capture, presentation state, parametric map. */
export const ResultObject = Type.Enum(['SEG', 'SR', 'SC', 'GSPS', 'PM']);
export type ResultObject = Static<typeof ResultObject>;

/** SOP class of reports: Comprehensive SR, or Comprehensive 3D SR with regions in the patient's coordinates. */
export const ReportKind = Type.Enum(['comprehensive', 'comprehensive-3d'], { default: 'comprehensive' });
export type ReportKind = Static<typeof ReportKind>;

/** What a segmentation holds: what is marked, or the probability of it. */
export const SegmentationKind = Type.Enum(['binary', 'probability'], { default: 'binary' });
export type SegmentationKind = Static<typeof SegmentationKind>;

/** Which outcomes without a measurement a route reports. */
export const ReportedOutcomes = strict(
  {
    no_finding: Type.Boolean({ default: true }),
    abstained: Type.Boolean({ default: true }),
    refused: Type.Boolean({ default: true }),
    failed: Type.Boolean({ default: true }),
  },
  { default: {} },
);
export type ReportedOutcomes = Static<typeof ReportedOutcomes>;

/** Secondary captures: the slices on which most is marked, seen through a window. */
export const KeyImages = strict(
  {
    most: Type.Integer({ minimum: 1, maximum: 32, default: 1 }),
    /** In rescaled values (HU in CT); the source's own where not given. */
    window: Type.Optional(strict({ center: Type.Number(), width: Type.Number({ minimum: 1 }) })),
  },
  { default: {} },
);
export type KeyImages = Static<typeof KeyImages>;

/** Whether a model server may compute whose model could not be shown to be that of the release. */
export const Unattested = Type.Enum(['refuse', 'allow'], { default: 'refuse' });

/** How the results of a route are made. */
export const routeResults = {
  objects: Type.Array(ResultObject, { minItems: 1 }),
  report: ReportKind,
  segmentation: SegmentationKind,
  outcomes: ReportedOutcomes,
  key_images: KeyImages,
  unattested: Unattested,
};
