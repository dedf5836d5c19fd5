"""Reads results with highdicom and pydicom and prints what they say, as JSON.

read-back.py FOLDER SOURCE…  (SOURCE: the images in the order of the volume)
"""

import hashlib
import json
import sys

import highdicom as hd
import numpy as np
import pydicom

folder, *files = sys.argv[1:]
sources = [pydicom.dcmread(f) for f in files]
uids = [s.SOPInstanceUID for s in sources]
size = sources[0].Rows * sources[0].Columns


def digest(array, dtype):
    return hashlib.sha256(np.ascontiguousarray(array, dtype=dtype).tobytes()).hexdigest()


def subject(ds):
    """Whose it is, as raw bytes with the character set."""
    tags = [0x00080005, 0x00100010, 0x00100020, 0x0020000D, 0x00200010, 0x00080050]
    raw = [ds.get_item(tag) for tag in tags]
    return [None if e is None or e.value is None else (e.value if isinstance(e.value, bytes) else str(e.value).encode()).hex() for e in raw]


def segmentation(name, fractional):
    seg = hd.seg.segread(f"{folder}/{name}.dcm")
    numbers = list(seg.segment_numbers)
    options = {"rescale_fractional": False} if fractional else {}
    pixels = seg.get_pixels_by_source_instance(uids, segment_numbers=numbers, assert_missing_frames_are_empty=True, **options)
    # The last axis is the segment. Where a frame lies must be where its source lies.
    place = {tuple(float(v) for v in s.ImagePositionPatient): s.SOPInstanceUID for s in sources}
    for group in seg.PerFrameFunctionalGroupsSequence:
        position = tuple(float(v) for v in group.PlanePositionSequence[0].ImagePositionPatient)
        assert place[position] == group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
    shared = seg.SharedFunctionalGroupsSequence[0]
    assert list(shared.PlaneOrientationSequence[0].ImageOrientationPatient) == list(sources[0].ImageOrientationPatient)
    assert list(shared.PixelMeasuresSequence[0].PixelSpacing) == list(sources[0].PixelSpacing)
    assert seg.FrameOfReferenceUID == sources[0].FrameOfReferenceUID
    descriptions = [seg.get_segment_description(n) for n in numbers]
    return {
        "type": seg.SegmentationType,
        "fractional": seg.get("SegmentationFractionalType"),
        "segments": numbers,
        "frames": seg.NumberOfFrames,
        "labels": [d.segment_label for d in descriptions],
        "types": [d.segmented_property_type.value for d in descriptions],
        "anatomy": [d.anatomic_regions[0].value for d in descriptions],
        "tracking": [[d.tracking_id, d.tracking_uid] for d in descriptions],
        "overlap": seg.SegmentsOverlap,
        "sha256": [digest(pixels[..., i], np.uint8) for i in range(len(numbers))],
    }


def report(name):
    sr = hd.sr.srread(f"{folder}/{name}.dcm")
    content = sr.content

    def measured(group):
        found = []
        for m in group.get_measurements():
            derivation = m.derivation.value if m.derivation is not None else None
            found.append([m.name.meaning, derivation, m.value, m.unit.value])
        return {
            "tracking": [group.tracking_identifier, group.tracking_uid],
            "finding": group.finding_type.value,
            "sites": [site.value.value for site in group.finding_sites],
            "measurements": found,
        }

    volumetric = [measured(g) for g in content.get_volumetric_roi_measurement_groups()]
    planar = [
        {**measured(g), "graphic": g.roi.graphic_type.value, "points": len(g.roi.value), "first": [float(v) for v in g.roi.value[0]], "closed": bool((g.roi.value[0] == g.roi.value[-1]).all())}
        for g in content.get_planar_roi_measurement_groups()
    ]
    other = [measured(g) for g in content.get_image_measurement_groups()]
    return {"class": type(sr).__name__, "volumetric": volumetric, "planar": planar, "other": other}


def parametric_map():
    pm = hd.imread(f"{folder}/pm.dcm")
    values = pm.get_frames(apply_real_world_transform=True)
    for group, source in zip(pm.PerFrameFunctionalGroupsSequence, sources):
        assert list(group.PlanePositionSequence[0].ImagePositionPatient) == list(source.ImagePositionPatient)
        assert group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    mapping = pm.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    return {
        "shape": list(values.shape),
        "sha256": digest(values, "<f4"),
        "unit": mapping.MeasurementUnitsCodeSequence[0].CodeValue,
        "quantity": mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeValue,
        "frame_of_reference": pm.FrameOfReferenceUID == sources[0].FrameOfReferenceUID,
    }


def capture():
    sc = pydicom.dcmread(f"{folder}/sc.dcm")
    source = sc.SourceImageSequence[0].ReferencedSOPInstanceUID
    return {
        "shape": list(sc.pixel_array.shape),
        "source": uids.index(source),
        "annotation": sc.BurnedInAnnotation,
        "sha256": hashlib.sha256(sc.PixelData[: 3 * size]).hexdigest(),
    }


def state():
    pr = pydicom.dcmread(f"{folder}/gsps.dcm")
    drawn = {}
    for annotation in pr.GraphicAnnotationSequence:
        at = uids.index(annotation.ReferencedImageSequence[0].ReferencedSOPInstanceUID)
        drawn[at] = [list(zip(g.GraphicData[::2], g.GraphicData[1::2])) for g in annotation.GraphicObjectSequence]

    def area(points):
        x, y = np.array(points).T
        return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)

    return {
        "areas": {at: sum(area(points) for points in lines) for at, lines in drawn.items()},
        "closed": all(points[0] == points[-1] for lines in drawn.values() for points in lines),
    }


names = ["seg", "probability", "occupancy", "sr", "sr-3d", "sc", "gsps", "pm"]
print(json.dumps({
    "seg": segmentation("seg", False),
    "probability": segmentation("probability", True),
    "occupancy": segmentation("occupancy", True),
    "sr": report("sr"),
    "sr-3d": report("sr-3d"),
    "pm": parametric_map(),
    "sc": capture(),
    "gsps": state(),
    "subjects": {name: subject(pydicom.dcmread(f"{folder}/{name}.dcm", stop_before_pixels=True)) for name in names},
    "subject": subject(sources[0]),
}))
