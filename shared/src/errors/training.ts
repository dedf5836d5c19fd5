import type { ErrorEntry } from './error-entry.ts';

export const trainingErrors = {
  'dataset-unreadable': {
    what: 'A file of the dataset cannot be read',
    remedy: 'Check that the folder is complete and readable; dataset.json names every file',
    class: 'permanent',
  },
  'dataset-invalid': {
    what: 'The dataset description has problems',
    remedy: 'Correct each path named in dataset.json',
    class: 'permanent',
  },
  'dataset-image-invalid': {
    what: 'An image of the dataset cannot be used',
    remedy: 'Replace it by a NIfTI-1 file (.nii or .nii.gz) with an orientation and the geometry of its label',
    class: 'permanent',
  },
  'split-invalid': {
    what: 'The split of the run does not fit the dataset',
    remedy: 'Give slice blocks that lie inside the images, do not overlap, and leave slices to train on',
    class: 'permanent',
  },
  'npy-invalid': {
    what: 'The array file cannot be read',
    remedy: 'Write it again as a little-endian, C-ordered .npy of a known number type',
    class: 'permanent',
  },
  'training-engine-unknown': {
    what: 'No such training engine',
    remedy: 'Name an engine that is installed: tfjs',
    class: 'permanent',
  },
  'training-spec-unsupported': {
    what: 'The engine cannot train what the run asks for',
    remedy: 'Change the run, or choose an engine that can',
    class: 'permanent',
  },
  'training-backend-unavailable': {
    what: 'No TensorFlow.js backend could be started',
    remedy: 'Run npm ci again; the wasm backend is part of the installation',
    class: 'permanent',
  },
  'training-diverged': {
    what: 'The training loss is not a finite number',
    remedy: 'Lower the learning rate, or look for broken images in the dataset',
    class: 'permanent',
  },
  'training-child-failed': {
    what: 'The training process ended before it was done',
    remedy: 'Read the last lines it wrote, then start the run again; a run starts over',
    class: 'transient',
  },
  'training-aborted': {
    what: 'The training run was stopped',
    remedy: 'Start the run again when wanted; a run starts over',
    class: 'transient',
  },
  'export-unsupported-layer': {
    what: 'The ONNX exporter does not know this layer',
    remedy: 'Build the model from the layers listed in hub/src/training/export/layers/registry.ts',
    class: 'permanent',
  },
  'export-unsupported-option': {
    what: 'The ONNX exporter does not support this option',
    remedy: 'Choose a value that the message allows',
    class: 'permanent',
  },
  'export-unsupported-activation': {
    what: 'The ONNX exporter does not know this activation',
    remedy: 'Choose an activation listed in hub/src/training/export/layers/activation.ts',
    class: 'permanent',
  },
  'export-opset': {
    what: 'The ONNX exporter does not write this operator set',
    remedy: 'Ask for opset 17',
    class: 'permanent',
  },
  'export-names': {
    what: 'The input and output names do not fit the model',
    remedy: 'Give one name per input and output, all different, not empty and without a slash',
    class: 'permanent',
  },
  'export-parity': {
    what: 'The exported model does not compute what the trained model computes',
    remedy: 'Do not release this model; report the layer types it uses, or turn batch normalization folding off',
    class: 'permanent',
  },
  'export-rejected': {
    what: 'ONNX Runtime does not run the exported model',
    remedy: 'Do not release this model; report the message and the layer types it uses',
    class: 'permanent',
  },
} as const satisfies Record<string, ErrorEntry>;
