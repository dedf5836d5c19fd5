import type { ModelTensor } from '../model-session.ts';

/** A tensor as a server gave it: bytes of its datatype in little endian order, or the numbers of a JSON answer. */
export type ServedTensor = {
  readonly name: string;
  /** As the KServe v2 protocol names them: `FP32`, `INT64` and so on. */
  readonly datatype: string;
  readonly dims: readonly number[];
  readonly data: Uint8Array | readonly unknown[];
};

/** A tensor as the metadata of a server describes it; -1 is any size. */
export type TensorFacts = { readonly name: string; readonly datatype: string; readonly dims: readonly number[] };

/** What a server says of a model. What is not there its protocol or its configuration does not say. */
export type ModelFacts = {
  readonly versions?: readonly string[];
  /** The digest of the release that the model is of, as whoever set the server up wrote it there. */
  readonly releaseSha256?: string;
  readonly inputs?: readonly TensorFacts[];
  readonly outputs?: readonly TensorFacts[];
};

/** What the release declares of an output, for this batch; undefined is any size. */
export type WantedOutput = { readonly name: string; readonly dims: readonly (number | undefined)[] };

export type Inference = {
  /** Under the names that they were asked for by, as far as they are there; nothing else of them has been checked. */
  readonly outputs: readonly ServedTensor[];
  /** Of the model that computed this, where the answer says so. */
  readonly version?: string;
};

/** One model of a server, spoken to in the server's protocol. Errors are those of the transport and of its answers. */
export type RemoteModel = {
  readonly name: string;
  describe(): Promise<ModelFacts>;
  infer(inputs: readonly ModelTensor[], outputs: readonly WantedOutput[]): Promise<Inference>;
};
