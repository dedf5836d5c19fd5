import { afterEach, expect, it } from 'vitest';
import { type Codec, createCodec } from './codec.ts';

const tensor = (name: string) => ({
  ...{ name, dtype: 'float32' as const, layout: 'NCHW' as const },
  shape: ['batch' as const, 4],
});
const stage = { inputs: [tensor('a'), tensor('b')], outputs: [tensor('c')], batch_sizes: [1] };
const nothing = { jsonBytesMax: -1, binaryBytesMax: -1, elementsMax: -1 };
const floats = Float32Array.of(1, 2, 3, 0.1);

const body = () => {
  const inputs = ['a', 'b'].map((name) => ({
    ...{ name, shape: [1, 4], datatype: 'FP32', parameters: { binary_data_size: 16 } },
  }));
  const bytes = new Uint8Array(floats.buffer);
  return {
    json: new Uint8Array(Buffer.from(JSON.stringify({ inputs }))),
    binary: new Uint8Array(Buffer.concat([bytes, bytes])),
  };
};

let codec: Codec | undefined;
afterEach(() => codec?.close());

it('says in its thread what it says here', async () => {
  const here = createCodec();
  codec = createCodec(nothing);
  const answers = await Promise.all([codec.decode(body(), stage), codec.decode(body(), stage), codec.text(floats)]);
  expect(answers[0]).toMatchObject({ ok: true, value: { inputs: [{ data: floats }, { data: floats }] } });
  expect(answers).toEqual([
    await here.decode(body(), stage),
    await here.decode(body(), stage),
    await here.text(floats),
  ]);
  const short = () => ({ ...body(), binary: new Uint8Array(3) });
  expect(await codec.decode(short(), stage)).toEqual(await here.decode(short(), stage));
  await expect(codec.text(Float32Array.of(NaN))).rejects.toMatchObject({ code: 'inference-output-invalid' });
});

it('answers all that its thread had when that ends, and starts another', async () => {
  codec = createCodec(nothing);
  const first = codec.text(floats);
  await codec.close();
  await expect(first).rejects.toThrow(/has ended/);
  expect(Buffer.from(await codec.text(floats)).toString()).toBe(`[1,2,3,${Math.fround(0.1)}]`);
});
