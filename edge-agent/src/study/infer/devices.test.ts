import { describe, expect, it } from 'vitest';
import { parseGpuUuids, planDevices } from './devices.ts';
import { learn, stuckAfter_ms, watchdogDefault } from './run-time.ts';

const gpus = ['GPU-11111111-2222-3333-4444-555555555555', 'GPU-99999999-2222-3333-4444-555555555555'] as const;

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
    const listed = [{ cpu: { threads: 3 } }, { gpu: gpus[0], workers: 1, decode_threads: 7 }];
    expect(planDevices('auto', [], cores)).toMatchObject([{ decodeThreads }]);
    expect(planDevices('auto', gpus, cores)).toMatchObject([{ decodeThreads }, { decodeThreads }]);
    expect(planDevices(listed, [], cores)).toMatchObject([{ decodeThreads }, { decodeThreads: 7 }]);
  });

  it('a list is taken as it stands, with names that are all different', () => {
    const devices = planDevices([{ cpu: { threads: 3 } }, { gpu: gpus[0], workers: 2 }], [], 8);
    expect(devices.map(({ name, threads, gpu }) => [name, threads, gpu])).toEqual([
      ['cpu-0', 3, undefined],
      ['gpu-1', 1, gpus[0]],
      ['gpu-2', 1, gpus[0]],
    ]);
  });

  it('reads what nvidia-smi prints, and nothing else', () => {
    expect(parseGpuUuids(`${gpus[0]}\n ${gpus[1]} \n\n`)).toEqual(gpus);
    expect(parseGpuUuids('NVIDIA-SMI has failed because it could not talk to the driver.')).toEqual([]);
  });
});

describe('when a run counts as stuck', () => {
  it('is generous before the first reading', () => {
    expect(stuckAfter_ms(new Map(), 'a', 100)).toBeGreaterThanOrEqual(120_000);
  });

  it('is a multiple of what was learned, per slice, and never below the floor', () => {
    const times = learn(new Map(), 'a', 100, 100_000);
    expect(stuckAfter_ms(times, 'a', 200)).toBe(200_000 * watchdogDefault.factor);
    expect(stuckAfter_ms(times, 'a', 1)).toBe(watchdogDefault.floor_ms);
  });

  it('follows a device that became slower', () => {
    let times = learn(new Map(), 'a', 1, 1_000);
    for (let i = 0; i < 20; i++) times = learn(times, 'a', 1, 9_000);
    expect(stuckAfter_ms(times, 'a', 1)).toBeGreaterThan(0.95 * 9_000 * watchdogDefault.factor);
  });
});
