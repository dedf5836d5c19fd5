"""What Triton's client sees of a KServe v2 server. Usage: client.py HOST:PORT TOKEN SCENARIO; prints one line of JSON.

Scenarios return what the client returned; what it threw is [status, message].
"""

import json
import sys

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

url, token, scenario = sys.argv[1:4]
name = "bright-region"
client = http.InferenceServerClient(url, concurrency=8)


def headers(**more):
    """Made anew each time: the client writes the lengths of a request into them."""
    return {"Authorization": f"Bearer {token}", **more} if token else None


def pixels(batch=1, seed=0):
    """Numbers that the caller can make again."""
    count = batch * 256
    return ((np.arange(count) * 7919 + seed) % 101).astype(np.float32).reshape(batch, 1, 16, 16) / 4


def given(values, binary=True, datatype="FP32", named="image", shape=None):
    tensor = http.InferInput(named, shape or list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=binary)
    return tensor


def asked(binary=True, named="logits", **more):
    return http.InferRequestedOutput(named, binary_data=binary, **more)


def infer(inputs, model=name, outputs=None, **more):
    return client.infer(model, inputs, outputs=outputs, headers=headers(), **more)


def ask_ahead(values):
    """Without waiting: up to eight connections at a time."""
    return client.async_infer(name, [given(values)], headers=headers())


def told(call):
    try:
        return call()
    except InferenceServerException as error:
        return [error.status(), error.message()]


def logits(result):
    return result.as_numpy("logits").ravel().tolist()


def health():
    return {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model": client.is_model_ready(name),
        "version": client.is_model_ready(name, "1.0.0"),
        "other_version": client.is_model_ready(name, "2.0.0"),
        "stage": client.is_model_ready("two-stages.find"),
        "release_of_two": client.is_model_ready("two-stages"),
        "unknown": client.is_model_ready("unknown"),
    }


def metadata():
    return {
        "server": client.get_server_metadata(),
        "model": told(lambda: client.get_model_metadata(name, headers=headers())),
        "version": told(lambda: client.get_model_metadata(name, "1.0.0", headers=headers())),
        "stage": told(lambda: client.get_model_metadata("two-stages.segment", headers=headers())),
        "unknown": told(lambda: client.get_model_metadata("unknown", headers=headers())),
        "without_token": told(lambda: client.get_model_metadata(name)),
        "config": told(lambda: client.get_model_config(name, headers=headers())),
    }


def forms():
    """The same question in every form; the answers must be the same."""
    values = pixels(3)
    results = {
        "binary": infer([given(values)]),
        "json": infer([given(values, binary=False)], outputs=[asked(binary=False)]),
        "binary_in": infer([given(values)], outputs=[asked(binary=False)]),
        "binary_out": infer([given(values, binary=False)], outputs=[asked(binary=True)]),
        "version": infer([given(values)], model_version="1.0.0"),
        "stage": infer([given(values)], model="two-stages.segment"),
        "fp64": infer([given(values.astype(np.float64), datatype="FP64")]),
        "fp16": infer([given(values.astype(np.float16), datatype="FP16")]),
        "int32": infer([given((values * 4).astype(np.int32), datatype="INT32")]),
        "int32_json": infer([given((values * 4).astype(np.int32), binary=False, datatype="INT32")]),
        "bool": infer([given(values > 12, datatype="BOOL")]),
    }
    answer = {key: {"shape": list(one.as_numpy("logits").shape), "logits": logits(one)} for key, one in results.items()}
    response = infer([given(values)], request_id="number 5").get_response()
    return {"answers": answer, "response": response}


def concurrent():
    waiting = [ask_ahead(pixels(1 + seed % 4, seed)) for seed in range(40)]
    return [logits(one.get_result()) for one in waiting]


def wrong():
    values = pixels()
    return {
        "shape": told(lambda: infer([given(np.zeros([1, 1, 16, 15], np.float32))])),
        "batch": told(lambda: infer([given(pixels(5))])),
        "rank": told(lambda: infer([given(values.reshape(1, 16, 16))])),
        "named": told(lambda: infer([given(values, named="picture")])),
        "datatype": told(lambda: infer([given(np.array([["a"]], dtype=object), datatype="BYTES")])),
        "nan": told(lambda: infer([given(np.full([1, 1, 16, 16], np.nan, np.float32))])),
        "lossy": told(lambda: infer([given(np.full([1, 1, 16, 16], 0.1), datatype="FP64")])),
        "output": told(lambda: infer([given(values)], outputs=[asked(named="mask")])),
        "classification": told(lambda: infer([given(values)], outputs=[asked(class_count=2)])),
        "sequence": told(lambda: infer([given(values)], sequence_id=5, sequence_start=True)),
        "model": told(lambda: infer([given(values)], model="unknown")),
        "version": told(lambda: infer([given(values)], model_version="9.9.9")),
        "compressed": told(lambda: infer([given(values)], request_compression_algorithm="gzip")),
        "priority": told(lambda: infer([given(values)], priority=1)),
        "shared_memory": told(lambda: infer([shared()])),
    }


def shared():
    tensor = http.InferInput("image", [1, 1, 16, 16], "FP32")
    tensor.set_shared_memory("region", 1024)
    return tensor


def one():
    """A single request: its status and message where it is refused, otherwise the number of its elements."""
    return told(lambda: len(logits(infer([given(pixels())]))))


def priorities():
    infer([given(pixels())])
    infer([given(pixels())], priority=2)
    infer([given(pixels())], parameters={})
    client.infer(name, [given(pixels())], headers=headers(**{"X-Collimator-Priority": "urgent"}))
    return {}


def timeout():
    """Triton's parameter, microseconds."""
    return told(lambda: infer([given(pixels())], timeout=50_000))


def overload():
    """More at a time than there is room for."""
    waiting = [ask_ahead(pixels()) for _ in range(8)]
    return [told(lambda: len(logits(one.get_result()))) for one in waiting]


print(json.dumps(globals()[scenario]()))
