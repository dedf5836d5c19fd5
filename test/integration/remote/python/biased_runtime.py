"""The runtime of remote-servers.md with something added to every output: another model under the same name."""

from mlserver.codecs import NumpyCodec
from onnx_runtime import OnnxModel


class BiasedModel(OnnxModel):
    async def predict(self, payload):
        answer = await super().predict(payload)
        bias = self.settings.parameters.extra["bias"]
        answer.outputs = [NumpyCodec.encode_output(one.name, NumpyCodec.decode_output(one) + bias) for one in answer.outputs]
        return answer
