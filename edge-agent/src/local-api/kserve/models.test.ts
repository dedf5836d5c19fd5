import type { Release } from '@collimator/shared/contracts/release';
import { expect, it } from 'vitest';
import type { ServedModel } from '../../study/infer/tensor-engine.ts';
import { findModel, isReady, metadataOf, stageModels } from './models.ts';

const tensor = { name: 't', dtype: 'float32', layout: 'NCHW', shape: ['batch', 3] };
const served = (name: string, version: string, ready: boolean, ...stages: readonly string[]): ServedModel => {
  const all = stages.map((stage) => ({ name: stage, inputs: [tensor], outputs: [tensor], batch_sizes: [1, 8] }));
  return { name, version, ready, sha256: `${name}@${version}`, release: { stages: all } as unknown as Release };
};
const models = [
  served('lung', '2.0.0', false, 'segment'),
  served('lung', '1.0.0', true, 'segment'),
  served('heart', '1.0.0', true, 'find', 'measure'),
];
const all = stageModels(models);
const found = (name: string, version?: string): unknown => {
  const model = findModel(all, name, version);
  return model.ok ? [model.value.model.sha256, model.value.stage] : model.error.why;
};

it('a model is a release, or a stage of one that has several', () => {
  expect(all.map(({ name }) => name)).toEqual(['lung', 'lung', 'heart.find', 'heart.measure']);
  expect(found('heart.measure')).toEqual(['heart@1.0.0', 1]);
  expect(found('heart')).toBe('"heart"');
  expect(stageModels(models, ['heart']).map(({ name }) => name)).toEqual(['heart.find', 'heart.measure']);
});

it('without a version the first that is ready answers; a version is that version', () => {
  expect(found('lung')).toEqual(['lung@1.0.0', 0]);
  expect(found('lung', '2.0.0')).toEqual(['lung@2.0.0', 0]);
  expect(found('lung', '3.0.0')).toBe('"lung" has no version "3.0.0"');
  const state = (version?: string) => isReady(all, 'lung', version);
  expect([state(), state('2.0.0'), state('3.0.0')]).toEqual([true, false, undefined]);
});

it('metadata name all versions, and the batch as -1', () => {
  const model = findModel(all, 'lung', '2.0.0');
  if (!model.ok) throw new Error(model.error.why);
  expect(metadataOf(model.value, all)).toEqual({
    ...{ name: 'lung', versions: ['2.0.0', '1.0.0'], platform: 'onnx_onnxv1' },
    inputs: [{ name: 't', datatype: 'FP32', shape: [-1, 3] }],
    outputs: [{ name: 't', datatype: 'FP32', shape: [-1, 3] }],
    parameters: { release_sha256: 'lung@2.0.0', batch_max: 8 },
  });
});
