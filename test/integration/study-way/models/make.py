"""Makes bright-region.onnx: one 3×3 mean filter with a bias, so that a pixel's logit says whether it is bright.

Needs the Python package onnx:  python3 make.py
"""

from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

SIZE = 16

graph = helper.make_graph(
    [helper.make_node("Conv", ["image", "weight", "bias"], ["logits"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])],
    "bright-region",
    [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, SIZE, SIZE])],
    [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 1, SIZE, SIZE])],
    [
        numpy_helper.from_array(np.full((1, 1, 3, 3), 1 / 9, np.float32), "weight"),
        numpy_helper.from_array(np.array([-0.01], np.float32), "bias"),
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="collimator-test")
model.ir_version = 8
checker.check_model(model)
(Path(__file__).parent / "bright-region.onnx").write_bytes(model.SerializeToString())
