"""A handler for TorchServe that computes with ONNX Runtime; model.onnx lies beside it in the archive.

With the envelope kservev2 it is given the inputs of a request, without one its body; it answers in kind.
"""

import json
import os

import numpy as np
import onnxruntime


class OnnxHandler:
    def initialize(self, context):
        folder = context.system_properties["model_dir"]
        self._session = onnxruntime.InferenceSession(
            os.path.join(folder, "model.onnx"), providers=["CPUExecutionProvider"]
        )

    def handle(self, data, context):
        if "datatype" in data[0]:
            return [self._run(np.array(one["data"], np.float32).reshape(one["shape"])) for one in data]
        bodies = [one.get("body") or one.get("data") for one in data]
        parsed = [json.loads(one) if isinstance(one, (bytes, bytearray, str)) else one for one in bodies]
        return [{"predictions": self._run(np.array(one["instances"], np.float32)).tolist()} for one in parsed]

    def _run(self, values):
        return self._session.run(None, {self._session.get_inputs()[0].name: values})[0]


_handler = OnnxHandler()


def handle(data, context):
    """Called without data when the worker starts."""
    if data is None:
        _handler.initialize(context)
        return None
    return _handler.handle(data, context)
