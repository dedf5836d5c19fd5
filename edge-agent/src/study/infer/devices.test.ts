import { describe, expect, it } from 'vitest';
import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import { parseGpuUuids, planDevices as plan } from './devices.ts';

const gpus = ['GPU-11111111-2222-3333-4444-555555555555', 'GPU-99999999-2222-3333-4444-555555555555'] as const;

const GIB = 2 ** 30;
const planDevices = (devices: AgentConfig['devices'], gpuUuids: readonly string[], cores: number) =>
  plan(devices, { gpuUuids, cores, memoryBytes: 32 * GIB });
const common = { workers: 1, nice: 0 };
const providers: ('tensorrt' | 'cuda' | 'cpu')[] = ['cuda', 'cpu'];
const cuda = { ...common, providers };

describe('the devices of an appliance', () => {
  it('auto takes every GPU, each by its UUID', () => {
    expect(planDevices('auto', gpus, 8).map(({ name, gpu }) => [name, gpu])).toEqual([
      ['gpu-0', gpus[0]],
      ['gpu-1', gpus[1]],
    ]);
  });

  it.each([
    [1, 1],
    [2, 1],
    [9, 4],
  ])('auto without a GPU and %i cores takes %i threads', (cores, threads) => {
    expect(planDevices('auto', [], cores)).toMatchObject([{ name: 'cpu-0', threads }]);
  });

  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [64, 2],
  ])('decodes in one thread less than there are cores, in two at most (%i cores: %i)', (cores, decodeThreads) => {
    const listed: AgentConfig['devices'] = [
      { cpu: { threads: 3 }, ...common },
      { gpu: gpus[0], ...cuda, decode_threads: 7 },
    ];
    expect(planDevices('auto', [], cores)).toMatchObject([{ decodeThreads }]);
    expect(planDevices('auto', gpus, cores)).toMatchObject([{ decodeThreads }, { decodeThreads }]);
    expect(planDevices(listed, [], cores)).toMatchObject([{ decodeThreads }, { decodeThreads: 7 }]);
  });

  it('a list is taken as it stands, with names that are all different unless it gives them', () => {
    const devices = planDevices(
      [
        { cpu: { threads: 3 }, ...common, nice: 10 },
        { gpu: gpus[0], ...cuda, workers: 2, name: 'big', memory_bytes_max: GIB, providers: ['tensorrt', 'cuda'] },
      ],
      [],
      8,
    );
    expect(devices).toMatchObject([
      { name: 'cpu-0', kind: 'cpu', threads: 3, nice: 10, providers: ['cpu'] },
      {
        name: 'big',
        kind: 'gpu',
        threads: 1,
        gpu: gpus[0],
        workers: 2,
        memoryBytesMax: GIB,
        providers: ['tensorrt', 'cuda'],
      },
    ]);
    // Three quarters of the machine's memory, for three processes.
    expect(devices.map(({ residentBytesMax }) => residentBytesMax)).toEqual([8 * GIB, 8 * GIB]);
  });

  it('every GPU but those that are left out or listed on their own', () => {
    const third = 'GPU-aaaaaaaa-2222-3333-4444-555555555555';
    const all = [...gpus, third];
    const devices = planDevices(
      [
        { gpus: { exclude: [gpus[1]] }, ...cuda },
        { gpu: third, ...cuda },
      ],
      all,
      8,
    );
    expect(devices.map(({ name, gpu }) => [name, gpu])).toEqual([
      ['gpu-0', gpus[0]],
      ['gpu-1', third],
    ]);
  });

  it('reads what nvidia-smi prints, and nothing else', () => {
    expect(parseGpuUuids(`${gpus[0]}\n ${gpus[1]} \n\n`)).toEqual(gpus);
    expect(parseGpuUuids('NVIDIA-SMI has failed because it could not talk to the driver.')).toEqual([]);
  });
});
