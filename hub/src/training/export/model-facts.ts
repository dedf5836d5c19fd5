/** A tfjs-layers model as plain values, so that everything behind the adapter is pure. */
export type ModelFacts = {
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  /** Every use of every layer, nested models flattened, producers before consumers. */
  readonly calls: readonly LayerCall[];
};

/** Channels last; `null` is unknown until run time; axis 0 is the batch. */
export type Shape = readonly (number | null)[];

export type TensorFacts = { readonly id: string; readonly shape: Shape; readonly dtype: string };

/** One use of a layer. A shared layer has several calls with the same `layer`. */
export type LayerCall = {
  readonly layer: LayerFacts;
  /** Unique among the calls of the model. */
  readonly name: string;
  readonly inputs: readonly TensorFacts[];
  readonly output: TensorFacts;
};

export type LayerFacts = {
  /** Unique among the layers of the model, independent of tfjs's process-wide counters. */
  readonly path: string;
  /** The name that the person who built the model sees; used in messages. */
  readonly title: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** By the name the layer gave it (`kernel`, `bias`, `gamma`, …). */
  readonly weights: Readonly<Record<string, Weight>>;
};

export type Weight = { readonly dims: readonly number[]; readonly data: Float32Array };
