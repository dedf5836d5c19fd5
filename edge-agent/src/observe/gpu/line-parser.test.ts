import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gpuFields, gpuQuery, refusedField } from './fields.ts';
import { parseGpuLine, pciKey } from './line-parser.ts';

const parse = (line: string) => parseGpuLine(line, gpuFields);
const line = (cells: readonly string[], name = 'NVIDIA A2'): string =>
  ['3', 'GPU-5f4d6b1c-8a3e-4f0b-9c57-1d2e3f4a5b6c', '00000000:3B:00.0', ...cells, name].join(', ');
const numbers = gpuFields.map((_, i) => String(i));

describe('a line of nvidia-smi', () => {
  it('gives every reading its DCGM name', () => {
    expect(parse(line(numbers))).toEqual({
      index: 3,
      uuid: 'GPU-5f4d6b1c-8a3e-4f0b-9c57-1d2e3f4a5b6c',
      pci: '0000:3b:00',
      name: 'NVIDIA A2',
      values: Object.fromEntries(gpuFields.map(({ metric }, i) => [metric, i])),
    });
  });

  it.each([
    '[N/A]',
    'N/A',
    '[Not Supported]',
    '[Unknown Error]',
    '[GPU requires reset]',
    '',
    'Yes',
    '1e3',
    'NaN',
    '0x',
  ])('leaves out a reading that is %j', (word) => {
    const values = parse(line(gpuFields.map(() => word)))?.values;
    expect(values).toEqual({});
  });

  it('takes a bit mask for a number, and a name with commas for a name', () => {
    const cells = gpuFields.map(({ metric }) =>
      metric === 'DCGM_FI_DEV_CLOCK_THROTTLE_REASONS' ? '0x0000000000000064' : '1.5',
    );
    expect(parse(line(cells, 'NVIDIA X, 80GB'))).toMatchObject({
      name: 'NVIDIA X, 80GB',
      values: { DCGM_FI_DEV_CLOCK_THROTTLE_REASONS: 100, DCGM_FI_DEV_POWER_USAGE: 1.5 },
    });
  });

  it.each([
    '',
    'No devices were found',
    'NVIDIA-SMI has failed, because of the driver',
    '0, GPU-1, x',
    line(numbers).replace('GPU-', 'CPU-'),
    line(numbers).replace('00000000:3B:00.0', '[N/A]'),
    line(numbers, ''),
  ])('is not %j', (text) => expect(parse(text)).toBeUndefined());

  it('that was cut off before its name is none', () => {
    const whole = line(numbers);
    const nameAt = whole.lastIndexOf(', ') + 2;
    for (let end = 0; end <= nameAt; end++) expect(parse(whole.slice(0, end))).toBeUndefined();
  });

  it('asks for as many fields as it reads', () => {
    expect(gpuQuery(gpuFields).split(',')).toHaveLength(4 + gpuFields.length);
    expect(new Set(gpuFields.map(({ metric }) => metric)).size).toBe(gpuFields.length);
  });

  it('never throws, never gives anything but finite numbers, and gives every number that stands there', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.constantFrom('[N/A]', '[Not Supported]', '0x1'),
      fc.double().map(String),
      fc.integer().map(String),
    );
    const cells = fc.array(cell, { minLength: gpuFields.length - 1, maxLength: gpuFields.length + 1 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          cells.map((all) => line(all)),
        ),
        (text) => {
          const values = Object.values(parse(text)?.values ?? {});
          expect(values.every(Number.isFinite)).toBe(true);
        },
      ),
    );
    const digits = fc.array(fc.integer({ min: -1000, max: 1e9 }), {
      minLength: gpuFields.length,
      maxLength: gpuFields.length,
    });
    fc.assert(
      fc.property(digits, (all) => {
        expect(Object.values(parse(line(all.map(String)))?.values ?? {})).toEqual(all);
      }),
    );
  });
});

it.each([
  ['00000000:3B:00.0', '0000:3b:00'],
  ['0000:3b:00', '0000:3b:00'],
  ['00010000:AF:1F.7', '10000:af:1f'],
  ['3b:00.0', undefined],
  ['[N/A]', undefined],
])('the PCI address %s is %s', (text, key) => expect(pciKey(text)).toBe(key));

it('knows which field a driver refuses', () => {
  expect(refusedField('Field "memory.reserved" is not a valid field to query.')).toBe('memory.reserved');
  expect(refusedField('No devices were found')).toBeUndefined();
});
