"""Makes cases.json: numbers from NumPy, SciPy and Pillow that the imaging arithmetic is held against.

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 pillow==13.0.0
    venv/bin/python make.py > cases.json
"""

import json
import warnings

import numpy
import PIL
import scipy
from PIL import Image
from scipy import ndimage

warnings.simplefilter("ignore")
rng = numpy.random.default_rng(20261123)


def image(rows, columns):
    return rng.normal(100, 40, (rows, columns)).astype("f4").round(3)


def numbers(array):
    return [float(v) for v in numpy.asarray(array, "f8").ravel()]


def resize_case(rows, columns, to_rows, to_columns, method):
    source = image(rows, columns)
    if method == "antialias":
        out = numpy.asarray(Image.fromarray(source, "F").resize((to_columns, to_rows), Image.Resampling.BILINEAR))
    elif method == "nearest":
        out = numpy.asarray(Image.fromarray(source, "F").resize((to_columns, to_rows), Image.Resampling.NEAREST))
    else:
        zoom = (to_rows / rows, to_columns / columns)
        out = ndimage.zoom(source.astype("f8"), zoom, order=1, mode="nearest", grid_mode=True)
    assert out.shape == (to_rows, to_columns)
    return {"from": [rows, columns], "to": [to_rows, to_columns], "method": method, "source": numbers(source), "out": numbers(out)}


def percentile_case(count, percents, whole):
    values = rng.normal(0, 300, count).astype("f4")
    values = values.round() if whole else values
    return {"values": numbers(values), "percents": percents, "out": numbers(numpy.percentile(values.astype("f8"), percents))}


def component_case(shape, density, connectivity):
    mask = (rng.random(shape) < density).astype("u1")
    structure = ndimage.generate_binary_structure(3, {6: 1, 18: 2, 26: 3}[connectivity])
    labels, count = ndimage.label(mask, structure)
    sizes = numpy.bincount(labels.ravel())[1:]
    return {
        "shape": list(shape), "connectivity": connectivity, "mask": [int(v) for v in mask.ravel()],
        "components": int(count), "largest": int(sizes.max()),
        "unique": bool((sizes == sizes.max()).sum() == 1),
        "kept": [int(v) for v in (labels == 1 + int(sizes.argmax())).ravel()],
    }


def zscore_case():
    source = image(9, 7)
    wide = source.astype("f8")
    return {"source": numbers(source), "from": [9, 7], "out": numbers((wide - wide.mean()) / wide.std())}


print(json.dumps({
    "made_with": {"numpy": numpy.__version__, "scipy": scipy.__version__, "pillow": PIL.__version__},
    "resize": [
        resize_case(*size, method)
        for method in ("antialias", "plain", "nearest")
        for size in ((21, 18, 8, 8), (7, 9, 16, 12), (13, 5, 13, 20), (17, 17, 6, 30))
    ],
    "percentiles": [percentile_case(n, [0, 0.5, 25, 50, 99.5, 100], whole) for n in (1, 2, 7, 400) for whole in (True, False)],
    "components": [component_case((6, 7, 9), d, c) for c in (6, 18, 26) for d in (0.1, 0.25, 0.35)],
    "zscore": zscore_case(),
}))
