import Type, { type Static } from 'typebox';
import { validator } from './validate.ts';

// The Open Inference Protocol (KServe v2) with Triton's binary tensor data extension. Requests are other people's: keys
// that are not known are left alone, as the protocol has it.

/** Inputs or outputs of one request, dimensions of one tensor: more is none that any release has. */
export const tensorsMax = 64;
export const dimensionsMax = 8;

export const KserveDatatype = Type.Enum([
  ...(['BOOL', 'UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64'] as const),
  ...(['FP16', 'BF16', 'FP32', 'FP64', 'BYTES'] as const),
]);
export type KserveDatatype = Static<typeof KserveDatatype>;

const Parameters = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]));
export type KserveParameters = Static<typeof Parameters>;

const Shape = Type.Array(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), { maxItems: dimensionsMax });

/** `data` is not among the keys: it is read apart, by the model's shape. */
const RequestInput = Type.Object({
  name: Type.String({ maxLength: 256 }),
  shape: Shape,
  datatype: KserveDatatype,
  parameters: Type.Optional(Parameters),
});
export type KserveRequestInput = Static<typeof RequestInput>;

const RequestOutput = Type.Object({
  name: Type.String({ maxLength: 256 }),
  parameters: Type.Optional(Parameters),
});
export type KserveRequestOutput = Static<typeof RequestOutput>;

export const KserveInferRequest = Type.Object({
  id: Type.Optional(Type.String({ maxLength: 1024 })),
  parameters: Type.Optional(Parameters),
  inputs: Type.Array(RequestInput, { minItems: 1, maxItems: tensorsMax }),
  outputs: Type.Optional(Type.Array(RequestOutput, { maxItems: tensorsMax })),
});
export type KserveInferRequest = Static<typeof KserveInferRequest>;

export const KserveInferResponse = Type.Object({
  model_name: Type.String(),
  model_version: Type.String(),
  id: Type.Optional(Type.String()),
  parameters: Type.Optional(Parameters),
  outputs: Type.Array(
    Type.Object({
      name: Type.String(),
      shape: Shape,
      datatype: KserveDatatype,
      parameters: Type.Optional(Parameters),
      /** Row-major; absent where `parameters.binary_data_size` says how much of the rest of the body it is. */
      data: Type.Optional(Type.Array(Type.Number())),
    }),
  ),
});
export type KserveInferResponse = Static<typeof KserveInferResponse>;

const TensorMetadata = Type.Object({
  name: Type.String(),
  datatype: KserveDatatype,
  /** -1: any from 1 up to the batch that the release was made for. */
  shape: Type.Array(Type.Integer({ minimum: -1 })),
});

export const KserveServerMetadata = Type.Object({
  name: Type.String(),
  version: Type.String(),
  extensions: Type.Array(Type.String()),
});

export const KserveModelMetadata = Type.Object({
  name: Type.String(),
  versions: Type.Array(Type.String()),
  platform: Type.String(),
  inputs: Type.Array(TensorMetadata),
  outputs: Type.Array(TensorMetadata),
  /** `release_sha256`: digest of the release; `batch_max`: largest batch of a request. */
  parameters: Type.Optional(Parameters),
});
export type KserveModelMetadata = Static<typeof KserveModelMetadata>;

export const KserveError = Type.Object({ error: Type.String() });

/** Health. */
export const KserveLive = Type.Object({ live: Type.Boolean() });
export const KserveReady = Type.Object({ ready: Type.Boolean() });
export const KserveModelReady = Type.Object({ name: Type.String(), ready: Type.Boolean() });

export const kserveInferRequest = validator(KserveInferRequest);
export const kserveInferResponse = validator(KserveInferResponse);
