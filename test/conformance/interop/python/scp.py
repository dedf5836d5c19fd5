"""pynetdicom as SCP. Usage: scp.py PORT ANSWERS [option ...]; one line of JSON for everything that came.

ANSWERS: a JSON list of statuses; the nth object gets the nth, and those after the last one get it too.
Options: `implicit` takes nothing but implicit VR little endian, `release-too` answers a release with one of its own.
"""

import hashlib
import json
import sys

from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt
from pynetdicom.pdu import A_RELEASE_RQ
from pynetdicom.sop_class import Verification

PORT, ANSWERS, OPTIONS = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
SYNTAXES = ["1.2.840.10008.1.2"] if "implicit" in OPTIONS else ALL_TRANSFER_SYNTAXES
stored = 0


def say(**fields):
    print(json.dumps(fields), flush=True)


def on_store(event):
    global stored
    status = ANSWERS[min(stored, len(ANSWERS) - 1)]
    stored += 1
    data_set = event.request.DataSet.getvalue()
    say(
        event="store",
        status=status,
        uid=event.request.AffectedSOPInstanceUID,
        syntax=event.context.transfer_syntax,
        sha256=hashlib.sha256(data_set).hexdigest(),
        elements=len(event.dataset),
    )
    return status


def on_pdu(event):
    if "release-too" in OPTIONS and isinstance(event.pdu, A_RELEASE_RQ):
        # Before the answer to theirs, so that the two requests cross.
        event.assoc.dul.socket.socket.sendall(A_RELEASE_RQ().encode())


handlers = [
    (evt.EVT_C_STORE, on_store),
    (evt.EVT_PDU_RECV, on_pdu),
    (evt.EVT_RELEASED, lambda event: say(event="released")),
    (evt.EVT_ABORTED, lambda event: say(event="aborted")),
]
ae = AE("PACS")
ae.add_supported_context(Verification)
for context in AllStoragePresentationContexts:
    ae.add_supported_context(context.abstract_syntax, SYNTAXES)
ae.start_server(("127.0.0.1", PORT), evt_handlers=handlers)
