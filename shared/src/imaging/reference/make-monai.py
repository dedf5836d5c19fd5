"""Makes monai.json: numbers from MONAI's transforms that the imaging arithmetic is held against.

    python3 -m venv venv && venv/bin/pip install monai==1.5.1 torch==2.15.0 numpy==2.4.6 scipy==1.17.1 scikit-image==0.26.0 nibabel==5.3.2
    venv/bin/python make-monai.py > monai.json
"""

import json
import warnings

import monai
import numpy
import torch
from monai.data import MetaTensor
from monai.data.box_utils import non_max_suppression
from monai.data.utils import compute_importance_map
from monai.inferers import sliding_window_inference
from monai.transforms import (
    AsDiscrete,
    CenterSpatialCrop,
    KeepLargestConnectedComponent,
    NormalizeIntensity,
    Orientation,
    Resize,
    ScaleIntensityRange,
    ScaleIntensityRangePercentiles,
    Spacing,
    SpatialPad,
)

warnings.simplefilter("ignore")
rng = numpy.random.default_rng(20261128)


def numbers(values, digits=7):
    return [float(f"{v:.{digits}g}") for v in numpy.asarray(values, "f8").ravel()]


def volume(shape, mean=100, spread=40):
    return rng.normal(mean, spread, shape).astype("f4").round(2)


def tensor(values, affine=None):
    return MetaTensor(torch.from_numpy(values[None]), affine=torch.from_numpy(numpy.eye(4) if affine is None else affine))


def affine(axes, spacing, tilt_deg=0.0):
    """Columns are the directions of the axes in RAS: +1 is R, -1 is L, +2 is A, ... ; turned by a few degrees about S and R."""
    matrix = numpy.zeros((4, 4))
    matrix[3, 3] = 1
    for column, (axis, mm) in enumerate(zip(axes, spacing)):
        matrix[abs(axis) - 1, column] = numpy.sign(axis) * mm
    matrix[:3, 3] = [-30, 12, 7]
    a = numpy.deg2rad(tilt_deg)
    turn_s = numpy.array([[numpy.cos(a), -numpy.sin(a), 0], [numpy.sin(a), numpy.cos(a), 0], [0, 0, 1]])
    turn_r = numpy.array([[1, 0, 0], [0, numpy.cos(a), -numpy.sin(a)], [0, numpy.sin(a), numpy.cos(a)]])
    matrix[:3, :3] = turn_r @ turn_s @ matrix[:3, :3]
    return matrix


def geometry_case(shape, axes, spacing, tilt, codes, to, mode):
    source, matrix = volume(shape), affine(axes, spacing, tilt)
    image = tensor(source, matrix)
    if codes:
        image = Orientation(axcodes=codes, labels=(("L", "R"), ("P", "A"), ("I", "S")))(image)
    if to:
        image = Spacing(pixdim=to, mode=mode, padding_mode="border", align_corners=False)(image)
    return {
        "shape": shape, "spacing": spacing, "directions": [numbers(matrix[:3, k] / numpy.linalg.norm(matrix[:3, k]), 12) for k in range(3)],
        "codes": codes, "to": to, "mode": mode, "source": numbers(source), "out_shape": list(image.shape[1:]), "out": numbers(image),
    }


def intensity_case(name, transform, op):
    source = volume((3, 4, 5), 20, 60)
    source[source < -20] = 0
    return {"name": name, "op": op, "shape": [3, 4, 5], "source": numbers(source), "out": numbers(transform(torch.from_numpy(source[None])))}


def size_case(shape, to, kind):
    source = volume(shape)
    image = torch.from_numpy(source[None])
    if kind == "pad":
        out = SpatialPad(to, mode="constant", value=-5)(image)
    elif kind == "crop":
        out = CenterSpatialCrop(to)(image)
    else:
        out = Resize(to, mode=kind, align_corners=None if kind == "nearest-exact" else False)(image)
    return {"shape": list(shape), "to": list(to), "kind": kind, "source": numbers(source), "out": numbers(out)}


def sliding_case(shape, window, overlap, mode, sigma):
    source = volume(shape, 0, 1)
    ramp = torch.arange(int(numpy.prod(window)), dtype=torch.float32).reshape(window) / float(numpy.prod(window))
    # Each window says where in it a voxel lies, so that the weights show.
    predict = lambda x: torch.cat([x * 2 + 1, x + ramp], dim=1)
    image = torch.from_numpy(source[None, None])
    out = sliding_window_inference(image, window, 2, predict, overlap=overlap, mode=mode, sigma_scale=sigma, padding_mode="constant", cval=0)
    return {"shape": list(shape), "window": list(window), "overlap": overlap, "mode": mode, "sigma": sigma, "source": numbers(source), "out": numbers(out)}


def importance_case(window, sigma):
    return {"window": list(window), "sigma": sigma, "out": numbers(compute_importance_map(window, mode="gaussian", sigma_scale=sigma))}


def component_case(density, connectivity):
    mask = (rng.random((5, 6, 7)) < density).astype("f4")
    kept = KeepLargestConnectedComponent(applied_labels=[1], connectivity={6: 1, 18: 2, 26: 3}[connectivity])(torch.from_numpy(mask[None]))
    return {"shape": [5, 6, 7], "connectivity": connectivity, "mask": [int(v) for v in mask.ravel()], "voxels": int(kept.sum())}


def argmax_case(channels):
    scores = rng.normal(0, 1, (channels, 4, 5)).astype("f4").round(3)
    return {"channels": channels, "source": numbers(scores), "out": [int(v) for v in AsDiscrete(argmax=True)(torch.from_numpy(scores)).ravel()]}


def boxes_case(count, threshold):
    corners = rng.uniform(0, 60, (count, 2))
    boxes = numpy.hstack([corners, corners + rng.uniform(5, 40, (count, 2))]).astype("f4").round(3)
    scores = rng.random(count).astype("f4").round(4)
    kept = non_max_suppression(torch.from_numpy(boxes), torch.from_numpy(scores), threshold)
    return {"boxes": numbers(boxes), "scores": numbers(scores), "iou_max": threshold, "kept": [int(k) for k in kept]}


axial, sagittal = [3, -2, -1], [-1, -3, -2]
print(json.dumps({
    "made_with": {"monai": monai.__version__, "torch": torch.__version__, "numpy": numpy.__version__},
    "geometry": [
        geometry_case([5, 6, 7], axial, [2.5, 0.8, 0.8], 0, "RAS", None, None),
        geometry_case([5, 6, 7], sagittal, [1.2, 0.9, 0.9], 12, "LPS", None, None),
        geometry_case([4, 5, 6], [2, 1, 3], [1, 1, 2], 7, "PIR", None, None),
        geometry_case([5, 6, 7], axial, [2.5, 0.8, 0.8], 0, None, [1.5, 1.5, 1.5], "bilinear"),
        geometry_case([5, 6, 7], axial, [2.5, 0.8, 0.8], 9, None, [2, 0.5, 1], "bilinear"),
        geometry_case([5, 6, 7], axial, [2.5, 0.8, 0.8], 0, None, [1.7, 1.15, 0.63], "nearest"),
        geometry_case([5, 6, 7], axial, [2.5, 0.8, 0.8], 0, "RAS", [1.1, 1.3, 1.5], "bilinear"),
        geometry_case([6, 5, 4], sagittal, [1.2, 0.9, 0.9], 12, "RAS", [1.5, 1.5, 2], "bilinear"),
        geometry_case([6, 5, 4], sagittal, [1.2, 0.9, 0.9], 0, "RAS", [1.7, 1.15, 0.63], "nearest"),
    ],
    "intensity": [
        intensity_case("ScaleIntensityRange", ScaleIntensityRange(-40, 120, 0, 1, clip=True), {"op": "window", "center": 40, "width": 160, "to": [0, 1]}),
        intensity_case("ScaleIntensityRange without clip", ScaleIntensityRange(-40, 120, -1, 1), {"op": "scale", "from": [-40, 120], "to": [-1, 1]}),
        intensity_case("ScaleIntensityRangePercentiles", ScaleIntensityRangePercentiles(5, 90, 0, 1, clip=True), [
            {"op": "clip-percentiles", "scope": "series", "low": 5, "high": 90}, {"op": "scale", "from": "clip", "to": [0, 1]}]),
        intensity_case("NormalizeIntensity", NormalizeIntensity(), {"op": "z-score", "scope": "series"}),
        intensity_case("NormalizeIntensity nonzero", NormalizeIntensity(nonzero=True), {"op": "z-score", "scope": "series", "nonzero": True}),
    ],
    "sizes": [
        size_case(shape, to, kind)
        for shape, to, kind in (
            ((5, 6, 7), (8, 4, 10), "trilinear"), ((5, 6, 7), (3, 9, 5), "nearest-exact"), ((9, 8), (5, 11), "bilinear"),
            ((5, 4, 7), (8, 7, 7), "pad"), ((5, 6, 7), (2, 3, 4), "crop"), ((6, 5, 8), (3, 2, 3), "crop"),
        )
    ],
    "importance": [importance_case((4, 6, 5), 0.125), importance_case((9, 8, 8), 0.25), importance_case((12, 12, 12), 0.125)],
    "sliding": [
        sliding_case((7, 9, 8), (4, 5, 6), 0.25, "gaussian", 0.125),
        sliding_case((7, 9, 8), (4, 4, 4), 0.5, "constant", 0.125),
        sliding_case((3, 9, 4), (4, 5, 4), 0.6, "gaussian", 0.25),
    ],
    "components": [component_case(d, c) for c in (6, 18, 26) for d in (0.15, 0.35)],
    "argmax": [argmax_case(3)],
    "boxes": [boxes_case(24, 0.3), boxes_case(40, 0.5), boxes_case(12, 0.05)],
}))
