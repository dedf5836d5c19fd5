import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatValues } from './float-values.ts';

const tensor = (datatype: string, data: Uint8Array | readonly unknown[], count = 1) => ({
  name: 'out',
  datatype,
  dims: [count],
  data,
});
const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const invalid = expect.objectContaining({ code: 'inference-output-invalid' }) as Error;

describe('the values of a served tensor', () => {
  it('are the same float32, as bytes wherever they lie and as the shortest decimal', () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true }), fc.nat({ max: 7 }), (values, shift) => {
        const moved = new Uint8Array(values.byteLength + shift);
        moved.set(bytesOf(values), shift);
        const data = moved.subarray(shift);
        expect(floatValues({ ...tensor('FP32', data), dims: [values.length] })).toEqual(values);
        const json = JSON.parse(JSON.stringify([...values].map((value) => Number(value.toPrecision(9))))) as number[];
        expect(floatValues({ ...tensor('FP32', json), dims: [values.length] })).toEqual(
          values.map((value) => value + 0),
        );
      }),
    );
  });

  it('are every half float there is', () => {
    const bits = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const values = floatValues({ ...tensor('FP16', bytesOf(bits)), dims: [65_536] });
    expect([0x0000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x0400, 0x7c00, 0xfc00].map((at) => values[at])).toEqual([
      ...[0, 1, -2, 65_504, 2 ** -24, 1023 * 2 ** -24, 2 ** -14],
      ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ]);
    expect(values.filter(Number.isNaN)).toHaveLength(2 * 1023);
    // In the order of their bits, which is that of their values.
    for (let i = 1; i <= 0x7bff; i++) expect(values[i] as number).toBeGreaterThan(values[i - 1] as number);
  });

  it.each<[string, Uint8Array | readonly unknown[], number]>([
    ['INT64', bytesOf(BigInt64Array.of(-16_777_216n)), -16_777_216],
    ['UINT64', bytesOf(BigUint64Array.of(2n ** 63n)), 2 ** 63],
    ['INT32', bytesOf(Int32Array.of(-7)), -7],
    ['UINT32', bytesOf(Uint32Array.of(2 ** 31)), 2 ** 31],
    ['INT16', bytesOf(Int16Array.of(-300)), -300],
    ['UINT16', bytesOf(Uint16Array.of(60_000)), 60_000],
    ['INT8', Uint8Array.of(0xff), -1],
    ['UINT8', Uint8Array.of(0xff), 255],
    ['BOOL', Uint8Array.of(1), 1],
    ['BOOL', [true], 1],
    ['FP64', bytesOf(Float64Array.of(0.5)), 0.5],
    ['BF16', Uint8Array.of(0x80, 0x3f), 1],
    ['INT64', [12], 12],
    ['FP64', [Math.fround(0.1)], Math.fround(0.1)],
  ])('of %s are taken where float32 holds them', (datatype, data, value) => {
    expect([...floatValues(tensor(datatype, data))]).toEqual([value]);
  });

  it.each<[string, Uint8Array | readonly unknown[]]>([
    ['INT64', bytesOf(BigInt64Array.of(16_777_217n))],
    ['INT64', bytesOf(BigInt64Array.of(2n ** 53n + 1n))],
    ['INT64', [2 ** 53 + 2]],
    ['INT32', bytesOf(Int32Array.of(2 ** 24 + 1))],
    ['FP64', bytesOf(Float64Array.of(0.1))],
    ['FP64', [0.1]],
    ['INT32', [1.5]],
    ['BYTES', [1]],
    ['FP32', bytesOf(Float32Array.of(1, 2))],
    ['FP32', Uint8Array.of(1, 2, 3)],
    ['FP32', [1, 2]],
  ])('of %s are refused by name where it does not, or where there are too many or too few (%#)', (datatype, data) => {
    expect(() => floatValues(tensor(datatype, data))).toThrow(invalid);
    expect(() => floatValues(tensor(datatype, data))).toThrow(/out/);
  });

  it('are not a number where JSON has null or a text', () => {
    expect([...floatValues(tensor('FP32', [null, 'x'], 2))]).toEqual([Number.NaN, Number.NaN]);
  });
});
