/** A tensor on its way into or out of a model; float32, row-major. */
export type ModelTensor = { readonly name: string; readonly dims: readonly number[]; readonly data: Float32Array };

/**
 * A model that is loaded somewhere: in this process (ONNX Runtime) or behind a model server. One run at a time.
 */
export type ModelSession = {
  /** What computes: `cpu`, `cuda`, `tensorrt`, or the protocol of a remote server. */
  readonly provider: string;
  /** Whether it is known to be the model whose digest the release gives; a remote server's may not be. */
  readonly attested: boolean;
  /**
   * Runs the model. Shapes are fixed: the first dimension is the batch, one of the stage's `batch_sizes`.
   *
   * @param outputs names of the outputs that are wanted, in this order
   * @param over what an earlier run with inputs of the same dimensions gave, and nobody looks at any more: the answer
   *   may be laid over it
   * @throws CodedError `inference-output-invalid`, `inference-out-of-memory`, and others of the transport
   */
  run(
    inputs: readonly ModelTensor[],
    outputs: readonly string[],
    over?: readonly ModelTensor[],
  ): Promise<readonly ModelTensor[]>;
  close(): Promise<void>;
};
