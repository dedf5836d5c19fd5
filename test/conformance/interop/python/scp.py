"""pynetdicom as SCP. Usage: scp.py PORT ANSWERS [implicit]; one line of JSON for everything that came.

ANSWERS: a JSON list of statuses; the nth object gets the nth, and those after the last one get it too.
`implicit` takes nothing but implicit VR little endian.
"""

import hashlib
import json
import sys

from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import Verification

PORT, ANSWERS = int(sys.argv[1]), json.loads(sys.argv[2])
SYNTAXES = ["1.2.840.10008.1.2"] if "implicit" in sys.argv[3:] else ALL_TRANSFER_SYNTAXES
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


handlers = [
    (evt.EVT_C_STORE, on_store),
    (evt.EVT_RELEASED, lambda event: say(event="released")),
    (evt.EVT_ABORTED, lambda event: say(event="aborted")),
]
ae = AE("PACS")
ae.add_supported_context(Verification)
for context in AllStoragePresentationContexts:
    ae.add_supported_context(context.abstract_syntax, SYNTAXES)
ae.start_server(("127.0.0.1", PORT), evt_handlers=handlers)
