"""Sends every file of some folders as it is. Usage: send-test-set.py PORT FOLDER ...; or `list FOLDER ...`.

Each file is announced as its data set says, or as its file meta does where the data set is silent; one without file
meta in the syntax that pydicom finds it to have. Prints one JSON list of
{file, sopClassUid, sopInstanceUid, transferSyntaxUid, sha256, status}: status is null for what no context was accepted for,
and absent for what says no SOP class or no transfer syntax at all, so that nobody could announce it. The digest is that of
the data set.
"""

import hashlib
import json
import os
import sys
from io import BytesIO

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pynetdicom import AE
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import split_dataset

CONTEXTS_MAX = 128
IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"


def files_below(folders):
    for folder in folders:
        for path, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                if not name.endswith((".py", ".pyc", ".json")):
                    yield folder, os.path.join(path, name)


def announce(folder, path):
    """What the file says of itself, and its data set."""
    found = {"file": os.path.relpath(path, folder)}
    try:
        meta, offset = split_dataset(path)
    except InvalidDicomError:
        # Neither preamble nor file meta: a bare data set, or no DICOM.
        meta, offset = {}, 0
    try:
        data_set = dcmread(path, stop_before_pixels=True, force=True)
        implicit, little = data_set.original_encoding
        guessed = {(True, True): IMPLICIT, (False, True): EXPLICIT, (False, False): BIG_ENDIAN}.get((implicit, little))
        found["sopClassUid"] = str(data_set.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID") or "")
        found["sopInstanceUid"] = str(data_set.get("SOPInstanceUID") or meta.get("MediaStorageSOPInstanceUID") or "")
        found["transferSyntaxUid"] = str((meta.get("TransferSyntaxUID") if meta else guessed) or "")
    except (InvalidDicomError, OSError, ValueError, KeyError, AttributeError, NotImplementedError):
        return found, b""
    with open(path, "rb") as opened:
        body = opened.read()[offset:]
    return {**found, "sha256": hashlib.sha256(body).hexdigest()}, body


def send(port, group):
    """Sends the files of at most 128 contexts over one association."""
    ae = AE("MODALITY")
    pairs = sorted({(one["sopClassUid"], one["transferSyntaxUid"]) for one, _ in group})
    for abstract, syntax in pairs:
        ae.add_requested_context(abstract, syntax)
    assoc = ae.associate("127.0.0.1", port, ae_title="COLLIMATOR")
    if not assoc.is_established:
        raise SystemExit("no association")
    ids = {(one.abstract_syntax, one.transfer_syntax[0]): one.context_id for one in assoc.accepted_contexts}
    # Otherwise its own thread takes the answers off the queue.
    assoc._reactor_checkpoint.clear()
    while not assoc._is_paused:
        pass
    for number, (one, body) in enumerate(group, 1):
        context = ids.get((one["sopClassUid"], one["transferSyntaxUid"]))
        one["status"] = None
        if context is None:
            continue
        request = C_STORE()
        request.MessageID = number
        request.AffectedSOPClassUID = one["sopClassUid"]
        request.AffectedSOPInstanceUID = one["sopInstanceUid"]
        request.Priority = 2
        request.DataSet = BytesIO(body)
        assoc.dimse.send_msg(request, context)
        _, answer = assoc.dimse.get_msg(block=True)
        one["status"] = answer.Status
    assoc._reactor_checkpoint.set()
    assoc.release()


found = [announce(folder, path) for folder, path in files_below(sys.argv[2:])]
if sys.argv[1] != "list":
    sendable = [(one, body) for one, body in found if one.get("sopClassUid") and one.get("transferSyntaxUid")]
    groups, pairs = [[]], set()
    for one, body in sendable:
        pair = (one["sopClassUid"], one["transferSyntaxUid"])
        if pair not in pairs and len(pairs) == CONTEXTS_MAX:
            groups.append([])
            pairs = set()
        pairs.add(pair)
        groups[-1].append((one, body))
    for group in groups:
        send(int(sys.argv[1]), group)
print(json.dumps([one for one, _ in found]))
