"""Asks a fake model server as other people's clients do: Triton's, and OpenVINO's for TensorFlow Serving's REST API.

    clients.py triton|tf-serving ADDRESS MODEL

Prints what it found as JSON.
"""

import json
import sys

import numpy as np

protocol, address, model = sys.argv[1:]
image = np.linspace(-1, 1, 2 * 256, dtype=np.float32).reshape(2, 1, 16, 16)


def triton():
    import tritonclient.http as http

    client = http.InferenceServerClient(address)
    metadata = client.get_model_metadata(model)
    found = {
        "live": client.is_server_live(),
        "ready": client.is_server_ready() and client.is_model_ready(model),
        "extensions": client.get_server_metadata()["extensions"],
        "config": client.get_model_config(model),
        "inputs": metadata["inputs"],
        "outputs": metadata["outputs"],
        "answers": [],
    }
    for binary in (True, False):
        tensor = http.InferInput("image", image.shape, "FP32")
        tensor.set_data_from_numpy(image, binary_data=binary)
        wanted = http.InferRequestedOutput("logits", binary_data=binary)
        answer = client.infer(model, [tensor], outputs=[wanted], request_id="7")
        found["answers"].append(summary(answer.as_numpy("logits")))
        found["id"] = answer.get_response()["id"]
        found["version"] = answer.get_response()["model_version"]
    try:
        client.infer("nobody", [tensor])
    except http.InferenceServerException as error:
        found["unknown"] = error.status()
    return found


def tf_serving():
    from ovmsclient import make_http_client

    client = make_http_client(address)
    # Without a version it asks for 0, which is OpenVINO's word for the latest and not TensorFlow Serving's.
    metadata = client.get_model_metadata(model, 1)
    return {
        "status": client.get_model_status(model, 1),
        "metadata": metadata,
        "answers": [summary(client.predict({"image": image}, model, 1))],
    }


def summary(values):
    return {"shape": list(values.shape), "first": float(values[0, 0, 8, 8]), "sum": float(np.sum(values, dtype=np.float64))}


print(json.dumps({"triton": triton, "tf-serving": tf_serving}[protocol]()))
