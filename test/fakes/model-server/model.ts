import ort from 'onnxruntime-node';

export type Tensor = { readonly dims: readonly number[]; readonly data: Float32Array };

/** The model that a fake server serves: one input, one output, a fixed shape but for the batch. */
export type Model = {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  /** Without the batch. */
  readonly itemDims: readonly number[];
  run(tensor: Tensor): Promise<Tensor>;
};

export async function openModel(file: string, name: string, itemDims: readonly number[]): Promise<Model> {
  const session = await ort.InferenceSession.create(file, { executionProviders: ['cpu'], intraOpNumThreads: 1 });
  const [input, output] = [session.inputNames[0] as string, session.outputNames[0] as string];
  return {
    ...{ name, input, output, itemDims },
    async run({ dims, data }) {
      const { [output]: answer } = await session.run({ [input]: new ort.Tensor('float32', data, [...dims]) });
      return { dims: [...(answer?.dims ?? [])], data: answer?.data as Float32Array };
    },
  };
}
