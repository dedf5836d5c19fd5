/** What a fake model server does from now on; tests set it while it runs, with `PUT /fake`. */
export type Behaviour = {
  /** What it calls the version of its model. */
  readonly version: string;
  /** Written into the metadata of the model where given. */
  readonly releaseSha256?: string;
  /** Added to every output: another model under the same name. */
  readonly bias: number;
  /** What goes wrong with the next `faults` inferences. */
  readonly fault:
    | 'none'
    | 'slow'
    | 'failed'
    | 'overloaded'
    | 'wrong-shape'
    | 'nan'
    | 'truncated'
    | 'cut'
    | 'html'
    | 'too-long';
  readonly faults: number;
  readonly retryAfter_s?: number;
  /** Of the outputs, as the KServe v2 protocol names it. */
  readonly datatype: 'FP32' | 'FP16' | 'FP64' | 'INT64';
  /** Where the digest stands: in the metadata, or in the configuration of the model as Triton has it. */
  readonly digestIn: 'metadata' | 'configuration';
  /** Which of the extensions of Triton it says that it has. */
  readonly extensions: readonly string[];
};

export const soundBehaviour: Behaviour = {
  version: '1',
  bias: 0,
  fault: 'none',
  faults: 0,
  datatype: 'FP32',
  digestIn: 'metadata',
  extensions: ['binary_tensor_data', 'model_configuration'],
};

/** Long enough for every patience that a test gives its client. */
export const SLOW_MS = 30_000;
