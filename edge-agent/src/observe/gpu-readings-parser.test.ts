import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gpuFields, gpuQuery, parseGpuLine } from './gpu-readings-parser.ts';

/** What `--format=csv,noheader,nounits` prints for two cards, the second without power and clock sensors. */
const transcript = [
  '0, GPU-5f4d6b1c-8a3e-4f0b-9c57-1d2e3f4a5b6c, NVIDIA RTX A4000, 37, 12, 4521, 11594, 58, 71.42, 1560',
  '1, GPU-0b7e9d2a-1c4f-4e6d-8a9b-7c6d5e4f3a2b, Tesla T4, 0, 0, 3, 15101, 41, [N/A], [Not Supported]',
];

describe('a line of nvidia-smi', () => {
  it('gives every reading its DCGM name', () => {
    expect(parseGpuLine(transcript[0] ?? '')).toEqual({
      index: 0,
      uuid: 'GPU-5f4d6b1c-8a3e-4f0b-9c57-1d2e3f4a5b6c',
      name: 'NVIDIA RTX A4000',
      values: {
        DCGM_FI_DEV_GPU_UTIL: 37,
        DCGM_FI_DEV_MEM_COPY_UTIL: 12,
        DCGM_FI_DEV_FB_USED: 4521,
        DCGM_FI_DEV_FB_FREE: 11594,
        DCGM_FI_DEV_GPU_TEMP: 58,
        DCGM_FI_DEV_POWER_USAGE: 71.42,
        DCGM_FI_DEV_SM_CLOCK: 1560,
      },
    });
  });

  it('leaves out what the card does not have', () => {
    const reading = parseGpuLine(transcript[1] ?? '');
    expect(reading?.values).not.toHaveProperty('DCGM_FI_DEV_POWER_USAGE');
    expect(reading?.values).not.toHaveProperty('DCGM_FI_DEV_SM_CLOCK');
    expect(reading?.values.DCGM_FI_DEV_GPU_UTIL).toBe(0);
  });

  it.each(['', 'No devices were found', 'NVIDIA-SMI has failed, because of the driver', '0, GPU-1, x'])(
    'is not %j',
    (line) => expect(parseGpuLine(line)).toBeUndefined(),
  );

  it('asks for as many fields as it reads', () => {
    expect(gpuQuery.split(',')).toHaveLength(3 + gpuFields.length);
  });

  it('never throws, and never gives anything but finite numbers', () => {
    const cell = fc.oneof(fc.string(), fc.constant('[N/A]'), fc.double().map(String), fc.integer().map(String));
    const line = fc
      .array(cell, { minLength: 7, maxLength: 7 })
      .map((cells) => ['0', 'GPU-ab', 'x', ...cells].join(', '));
    fc.assert(
      fc.property(fc.oneof(fc.string(), line), (text) => {
        const values = Object.values(parseGpuLine(text)?.values ?? {});
        return values.every(Number.isFinite);
      }),
    );
  });
});
