import { encodeModel } from '@collimator/hub/training/export/onnx-proto';
import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { seeded } from '../../../faults/seeded.ts';
import { denseNet, type Network, unet2d, unet3d } from './networks.ts';

const header = { irVersion: 8, opset: 17, producer: { name: 'bench', version: '1' }, metadata: {} };

describe('the networks of the benchmark', () => {
  it.each<[string, (random: () => number) => Network, number]>([
    ['DenseNet-121', denseNet, 6.9e6],
    ['2D U-Net', unet2d, 7.8e6],
    ['3D U-Net', unet3d, 0.08e6],
  ])(
    '%s runs in ONNX Runtime, gives finite numbers that depend on its input, and has its size',
    async (_, make, weights) => {
      const { graph, input, output } = make(seeded(1));
      const session = await ort.InferenceSession.create(encodeModel(graph, header), { logSeverityLevel: 3 });
      const size = input.reduce((a, b) => a * b, 1);
      const run = async (scale: number): Promise<Float32Array> => {
        const data = Float32Array.from({ length: size }, (__, i) => scale * Math.sin(i));
        const { logits } = await session.run({ image: new ort.Tensor('float32', data, [1, ...input]) });
        expect(logits?.dims).toEqual([1, ...output]);
        return logits?.data as Float32Array;
      };
      const [one, two] = [await run(1), await run(2)];
      expect(one.every(Number.isFinite)).toBe(true);
      expect(Math.max(...one.subarray(0, 1000).map(Math.abs))).toBeGreaterThan(1e-3);
      expect(one).not.toEqual(two);
      const count = graph.initializers.reduce((sum, { data }) => sum + data.length, 0);
      expect(count / weights).toBeGreaterThan(0.8);
      expect(count / weights).toBeLessThan(1.25);
      await session.release();
    },
  );
});
