import { strict } from '@collimator/shared/contracts/common';
import { validator } from '@collimator/shared/contracts/validate';
import Type, { type Static } from 'typebox';

/** A file of the dataset, relative to its folder; it cannot lead out of it. */
const File = Type.String({ pattern: '^(?!\\.)[A-Za-z0-9._-]+(/(?!\\.)[A-Za-z0-9._-]+)*$', maxLength: 255 });

const Item = strict({
  /** Pseudonym of the person; items of one subject are never on both sides of a split by patient. */
  subject: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' }),
  image: File,
  label: File,
  /** Number of the lowest slice of the file; slices are counted upwards from the feet. */
  first_slice: Type.Integer({ minimum: 0, default: 0 }),
});

/** `dataset.json`: what a dataset folder holds. */
export const DatasetFile = strict({
  schema: Type.Literal('collimator.dataset/1'),
  name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
  version: Type.String({ pattern: '^[0-9A-Za-z.-]+$' }),
  title: Type.String({ minLength: 1 }),
  modality: Type.String({ pattern: '^[A-Z]{2,4}$' }),
  orientation: Type.Literal('axial'),
  spacing_mm: strict({
    slices: Type.Number({ exclusiveMinimum: 0 }),
    rows: Type.Number({ exclusiveMinimum: 0 }),
    columns: Type.Number({ exclusiveMinimum: 0 }),
  }),
  /** SPDX identifier of the licence of the images, and the file that says it in full. */
  licence: strict({ spdx: Type.String({ minLength: 1 }), file: File }),
  items: Type.Array(Item, { minItems: 1, maxItems: 100_000 }),
});
export type DatasetFile = Static<typeof DatasetFile>;

export const datasetFile = validator(DatasetFile);
