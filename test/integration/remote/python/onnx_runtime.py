"""A runtime for MLServer that computes with ONNX Runtime, as somebody would write one for a release of ours.

parameters.extra of model-settings.json: collimator_release_sha256 goes into the metadata, bias is added to every output.
"""

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse, MetadataModelResponse, Parameters

DIGEST = "collimator_release_sha256"


class OnnxModel(MLModel):
    async def load(self) -> bool:
        self._session = onnxruntime.InferenceSession(self.settings.parameters.uri, providers=["CPUExecutionProvider"])
        return True

    async def metadata(self) -> MetadataModelResponse:
        described = await super().metadata()
        digest = (self.settings.parameters.extra or {}).get(DIGEST)
        if digest is not None:
            described.parameters = Parameters(**{DIGEST: digest})
        return described

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        inputs = {one.name: NumpyCodec.decode_input(one) for one in payload.inputs}
        shaped = {one.name: inputs[one.name].reshape(one.shape).astype(np.float32) for one in payload.inputs}
        names = [one.name for one in payload.outputs or []] or [one.name for one in self._session.get_outputs()]
        bias = np.float32((self.settings.parameters.extra or {}).get("bias", 0))
        outputs = [
            NumpyCodec.encode_output(name, value + bias)
            for name, value in zip(names, self._session.run(names, shaped), strict=True)
        ]
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=outputs)
