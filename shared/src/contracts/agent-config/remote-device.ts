import Type, { type Static } from 'typebox';
import { Path, ReleaseName, strict } from '../common.ts';
import { ClientTls } from './destinations.ts';

const Model = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$' });
const Version = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' });

/** Which of a server's models computes a release; `stages` where its stages are models of their own. */
const ServedRelease = strict({
  model: Model,
  version: Type.Optional(Version),
  stages: Type.Optional(
    Type.Record(Type.String({ minLength: 1 }), strict({ model: Model, version: Type.Optional(Version) })),
  ),
});
export type ServedRelease = Static<typeof ServedRelease>;

const common = {
  url: Type.String({ pattern: '^https?://[^\\s?#]+$' }),
  models: Type.Record(ReleaseName, ServedRelease, { minProperties: 1 }),
  tls: Type.Optional(ClientTls),
  token_file: Type.Optional(Path),
  insecure_loopback: Type.Boolean({ default: false }),
  workers: Type.Integer({ minimum: 1, maximum: 64, default: 1 }),
  timeouts: strict(
    {
      connect_s: Type.Number({ exclusiveMinimum: 0, default: 5 }),
      response_s: Type.Number({ exclusiveMinimum: 0, default: 60 }),
    },
    { default: {} },
  ),
  retry: strict(
    {
      attempts_max: Type.Integer({ minimum: 1, maximum: 10, default: 3 }),
      first_s: Type.Number({ exclusiveMinimum: 0, default: 0.2 }),
      most_s: Type.Number({ exclusiveMinimum: 0, default: 5 }),
    },
    { default: {} },
  ),
  attest_every_s: Type.Number({ minimum: 1, default: 600 }),
};

/** Triton, OpenVINO Model Server, MLServer, KServe. */
const KServeV2Server = strict({
  protocol: Type.Literal('kserve-v2'),
  ...common,
  tensors: Type.Enum(['auto', 'binary', 'json'], { default: 'auto' }),
});
export type KServeV2Server = Static<typeof KServeV2Server>;

/** TensorFlow Serving. */
const TfServingServer = strict({
  protocol: Type.Literal('tf-serving'),
  ...common,
  tensors: Type.Enum(['columnar', 'row'], { default: 'columnar' }),
  signature: Type.String({ minLength: 1, default: 'serving_default' }),
});
export type TfServingServer = Static<typeof TfServingServer>;

/** TorchServe has no form of its own for tensors: what travels is what the handler of the model takes. */
const TorchServeServer = strict({
  protocol: Type.Literal('torchserve'),
  ...common,
  tensors: Type.Enum(['kserve-v2', 'instances'], { default: 'kserve-v2' }),
});
export type TorchServeServer = Static<typeof TorchServeServer>;

/** A model server that computes for the appliance, as one more device. */
export const RemoteServer = Type.Union([KServeV2Server, TfServingServer, TorchServeServer]);
export type RemoteServer = Static<typeof RemoteServer>;
export type RemoteProtocol = RemoteServer['protocol'];
