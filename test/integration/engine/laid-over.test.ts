import { int } from '@collimator/hub/training/export/graph';
import { encodeModel } from '@collimator/hub/training/export/onnx-proto';
import type { DeviceSpec } from '@collimator/edge-agent/study/infer/protocol';
import { openOrtSession } from '@collimator/edge-agent/study/infer/worker/ort-session';
import { expect, it } from 'vitest';

const device: DeviceSpec = {
  ...{ name: 'cpu', kind: 'cpu', threads: 1, decodeThreads: 1, providers: ['cpu'], workers: 1, nice: 0 },
  residentBytesMax: 2 ** 31,
};

/** Gives the differences to the mean of all: as many as it is given. */
const model = encodeModel(
  {
    name: 'centred',
    nodes: [
      { name: 'mean', opType: 'ReduceMean', inputs: ['x'], outputs: ['mean'], attributes: { keepdims: int(1) } },
      { name: 'y', opType: 'Sub', inputs: ['x', 'mean'], outputs: ['y'], attributes: {} },
    ],
    initializers: [],
    inputs: [{ name: 'x', dims: ['batch', 'n'] }],
    outputs: [{ name: 'y', dims: ['batch', 'n'] }],
  },
  { irVersion: 8, opset: 17, producer: { name: 'collimator-test', version: '1' }, metadata: {} },
);

it('an answer is laid over an earlier one where it fits, and is whole where it does not', async () => {
  const session = await openOrtSession(model, { inputs: [], outputs: [] }, device);
  try {
    const run = async (values: readonly number[], over?: Awaited<ReturnType<typeof session.run>>) =>
      session.run([{ name: 'x', dims: [1, values.length], data: Float32Array.from(values) }], ['y'], over);
    const first = await run([1, 2, 3]);
    expect([...(first[0]?.data ?? [])]).toEqual([-1, 0, 1]);
    const second = await run([3, 6, 9], first);
    expect([...(second[0]?.data ?? [])]).toEqual([-3, 0, 3]);
    // It is the same memory.
    expect([...(first[0]?.data ?? [])]).toEqual([-3, 0, 3]);
    const longer = await run([1, 1, 1, 5], second);
    expect([longer[0]?.dims, [...(longer[0]?.data ?? [])]]).toEqual([
      [1, 4],
      [-1, -1, -1, 3],
    ]);
    expect([...(second[0]?.data ?? [])]).toEqual([-3, 0, 3]);
  } finally {
    await session.close();
  }
});
