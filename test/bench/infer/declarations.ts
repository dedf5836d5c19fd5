import { type Declaration, goldenSpacing_mm } from './releases.ts';
import { denseNet, tiny, unet2d, unet3d } from './models/networks.ts';

const brain = {
  number: 1,
  label: 'Brain',
  category: { scheme: 'SCT', code: '123037004', meaning: 'Anatomical structure' },
  type: { scheme: 'SCT', code: '12738006', meaning: 'Brain' },
};

const logistic = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** The value that a share of all lies below. */
const quantile = (values: Float32Array, share: number): number => {
  const sorted = values.toSorted();
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
};

const slicePreprocessing = (edge: number): Declaration['preprocessing'] => [
  { op: 'modality-lut' },
  { op: 'clip', low: 0, high: 255 },
  { op: 'resize', size: [edge, edge], interpolation: 'bilinear', antialias: true },
  { op: 'scale', from: 'clip', to: [-1, 1] },
];

/** 2D segmentation by slice. Marks about 2 % of an image, as an organ or a lesion would. */
export const unet2dRelease: Declaration = {
  name: 'unet-2d',
  task: 'segmentation',
  unit: 'slice',
  network: unet2d,
  batch_sizes: [1, 4],
  preprocessing: slicePreprocessing(256),
  stage: (golden) => ({
    postprocessing: [
      { op: 'sigmoid' },
      { op: 'resize-to-source', interpolation: 'bilinear' },
      { op: 'threshold', at: logistic(quantile(golden, 0.98)) },
    ],
    segments: [brain],
    measurements: [{ kind: 'volume', segment: 1, unit: 'mL' }],
  }),
};

/** Classification by slice, 14 labels as of chest radiographs. */
export const denseNetRelease: Declaration = {
  name: 'densenet-121',
  task: 'classification',
  unit: 'slice',
  network: denseNet,
  batch_sizes: [1, 4],
  preprocessing: slicePreprocessing(224),
  stage: () => ({
    activation: 'sigmoid',
    aggregation: { method: 'max' },
    labels: Array.from({ length: 14 }, (_, i) => ({
      label: `Finding ${i + 1}`,
      concept: { scheme: '99BENCH', code: `F${i + 1}`, meaning: `Finding ${i + 1}` },
      present: { scheme: 'SCT', code: '52101004', meaning: 'Present' },
      absent: { scheme: 'SCT', code: '2667000', meaning: 'Absent' },
      absent_below: 0.4,
      present_from: 0.6,
    })),
  }),
};

/** 3D segmentation in windows that overlap. */
export const unet3dRelease: Declaration = {
  name: 'unet-3d',
  task: 'segmentation',
  unit: 'volume',
  network: unet3d,
  batch_sizes: [1],
  preprocessing: [
    { op: 'modality-lut' },
    { op: 'resample', spacing_mm: [...goldenSpacing_mm], interpolation: 'linear' },
    { op: 'clip', low: 0, high: 255 },
    { op: 'scale', from: 'clip', to: [-1, 1] },
  ],
  stage: (golden) => ({
    sliding: { overlap: 0.25, weighting: 'gaussian' },
    postprocessing: [
      { op: 'sigmoid' },
      { op: 'resize-to-source', interpolation: 'bilinear' },
      { op: 'threshold', at: logistic(quantile(golden, 0.98)) },
      { op: 'largest-component', connectivity: 26 },
    ],
    segments: [brain],
    measurements: [{ kind: 'volume', segment: 1, unit: 'mL' }],
  }),
};

/** For jobs that are many and cost next to nothing by themselves. */
export const tinyRelease: Declaration = {
  ...unet2dRelease,
  name: 'tiny',
  network: tiny,
  preprocessing: slicePreprocessing(64),
};
