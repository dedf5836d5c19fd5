"""pynetdicom as SCU. Usage: scu.py PORT SCENARIO [argument ...]; prints what came of it as one line of JSON."""

import json
import socket
import sys
import time
from io import BytesIO

from pydicom import dcmread
from pynetdicom import AE, _config, build_role, evt
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import split_dataset
from pynetdicom.pdu import A_ASSOCIATE_RJ, P_DATA_TF
from pynetdicom.pdu_primitives import AsynchronousOperationsWindowNegotiation, UserIdentityNegotiation
from pynetdicom.sop_class import CTImageStorage, StorageCommitmentPushModel, Verification

PORT = int(sys.argv[1])
SCENARIO, ARGUMENTS = sys.argv[2], sys.argv[3:]
# Files go out as they are, not decoded and encoded again.
_config.STORE_SEND_CHUNKED_DATASET = True


def associate(contexts, ext_neg=None, calling="MODALITY", max_pdu=16382, handlers=None):
    ae = AE(calling)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 30
    for abstract, syntaxes in contexts:
        ae.add_requested_context(abstract, syntaxes)
    return ae.associate(
        "127.0.0.1", PORT, ae_title="COLLIMATOR", ext_neg=ext_neg, max_pdu=max_pdu, evt_handlers=handlers
    )


def store(files, ext_neg=None, max_pdu=16382):
    metas = [split_dataset(file)[0] for file in files]
    contexts = {(meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID) for meta in metas}
    assoc = associate([(one, [syntax]) for one, syntax in sorted(contexts)], ext_neg, max_pdu=max_pdu)
    statuses = [assoc.send_c_store(file).Status for file in files]
    assoc.release()
    return statuses


def data_set_of(file):
    meta, offset = split_dataset(file)
    with open(file, "rb") as opened:
        return meta, opened.read()[offset:]


def request_of(meta, data_set, message_id=1):
    request = C_STORE()
    request.MessageID = message_id
    request.AffectedSOPClassUID = meta.MediaStorageSOPClassUID
    request.AffectedSOPInstanceUID = meta.MediaStorageSOPInstanceUID
    request.Priority = 2
    request.DataSet = BytesIO(data_set)
    return request


def for_file(file, ext_neg=None):
    meta, data_set = data_set_of(file)
    assoc = associate([(meta.MediaStorageSOPClassUID, [meta.TransferSyntaxUID])], ext_neg, max_pdu=4096)
    return assoc, meta, data_set, assoc.accepted_contexts[0].context_id


def pdus_of(request, context):
    """The P-DATA-TF PDUs of a request, as bytes; of 4 KiB, so that there are several."""
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    for primitive in message.encode_msg(context, 4096):
        pdu = P_DATA_TF()
        pdu.from_primitive(primitive)
        yield pdu.encode()


def abort_between(file):
    """A-ABORT after some of the fragments."""
    assoc, meta, data_set, context = for_file(file)
    pdus = list(pdus_of(request_of(meta, data_set), context))
    raw = assoc.dul.socket.socket
    for pdu in pdus[: len(pdus) - 1]:
        raw.sendall(pdu)
    assoc.abort()
    return {"sent": len(pdus) - 1, "of": len(pdus)}


def cut_inside(file):
    """The connection ends in the middle of a fragment."""
    assoc, meta, data_set, context = for_file(file)
    pdus = list(pdus_of(request_of(meta, data_set), context))
    raw = assoc.dul.socket.socket
    for pdu in pdus[:-1]:
        raw.sendall(pdu)
    raw.sendall(pdus[-1][: len(pdus[-1]) // 2])
    raw.shutdown(socket.SHUT_WR)
    assoc.dul.socket.close()
    assoc.abort()
    return {"of": len(pdus)}


def abort_inside(file):
    """An A-ABORT where the rest of a fragment should be: to the reader it is part of that fragment."""
    assoc, meta, data_set, context = for_file(file)
    pdus = list(pdus_of(request_of(meta, data_set), context))
    raw = assoc.dul.socket.socket
    for pdu in pdus[:-1]:
        raw.sendall(pdu)
    raw.sendall(pdus[-1][: len(pdus[-1]) // 2])
    assoc.abort()
    return {"of": len(pdus)}


def asynchronous(files):
    """All requests before the first answer, as far as the window goes that was accepted."""
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked = len(files)
    window.maximum_number_operations_performed = 1
    metas = [data_set_of(file) for file in files]
    contexts = sorted({(meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID) for meta, _ in metas})
    assoc = associate([(one, [syntax]) for one, syntax in contexts], [window])
    accepted = assoc.acceptor.asynchronous_operations
    ids = {(one.abstract_syntax, one.transfer_syntax[0]): one.context_id for one in assoc.accepted_contexts}
    # Otherwise its own thread takes the answers off the queue.
    assoc._reactor_checkpoint.clear()
    while not assoc._is_paused:
        time.sleep(0.01)
    for number, (meta, data_set) in enumerate(metas, 1):
        context = ids[(meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID)]
        assoc.dimse.send_msg(request_of(meta, data_set, number), context)
    answers = {}
    for _ in files:
        _, answer = assoc.dimse.get_msg(block=True)
        answers[answer.MessageIDBeingRespondedTo] = answer.Status
    assoc._reactor_checkpoint.set()
    assoc.release()
    return {"accepted": list(accepted), "answers": [answers.get(number) for number in range(1, len(files) + 1)]}


def roles():
    proposed = [
        build_role(CTImageStorage, scu_role=True, scp_role=True),
        build_role(StorageCommitmentPushModel, scu_role=False, scp_role=True),
    ]
    contexts = [(CTImageStorage, ["1.2.840.10008.1.2"]), (StorageCommitmentPushModel, ["1.2.840.10008.1.2"])]
    assoc = associate(contexts, proposed)
    accepted = {str(uid): [role.scu_role, role.scp_role] for uid, role in assoc.acceptor.role_selection.items()}
    statuses = {str(one.abstract_syntax): one.result for one in assoc.accepted_contexts + assoc.rejected_contexts}
    assoc.release()
    return {"roles": accepted, "results": statuses}


def identity(calling, kind, primary, secondary, confirm):
    item = UserIdentityNegotiation()
    item.user_identity_type = int(kind)
    item.primary_field = primary.encode()
    if secondary:
        item.secondary_field = secondary.encode()
    item.positive_response_requested = confirm == "confirm"
    rejections = []

    def on_pdu(event):
        # As the PDU has it: the association object sometimes calls itself aborted when the refusal is quick.
        if isinstance(event.pdu, A_ASSOCIATE_RJ):
            rejections.append([event.pdu.result, event.pdu.source, event.pdu.reason_diagnostic])

    contexts = [(Verification, ["1.2.840.10008.1.2"])]
    assoc = associate(contexts, [item], calling, handlers=[(evt.EVT_PDU_RECV, on_pdu)])
    if not assoc.is_established:
        return {"rejections": rejections}
    answer = assoc.acceptor.user_identity
    echoed = assoc.send_c_echo().Status
    assoc.release()
    return {"confirmed": answer is not None, "echo": echoed}


def echo(times):
    assoc = associate([(Verification, ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])])
    statuses = [assoc.send_c_echo(message_id).Status for message_id in range(1, int(times) + 1)]
    assoc.release()
    return {"statuses": sorted(set(statuses)), "count": len(statuses), "released": assoc.is_released}


def encoded_again(file):
    """pydicom's own encoding of what it read, not the file's bytes."""
    data_set = dcmread(file)
    assoc = associate([(data_set.SOPClassUID, [data_set.file_meta.TransferSyntaxUID])])
    status = assoc.send_c_store(data_set).Status
    assoc.release()
    return {"status": status}


scenarios = {
    "store": lambda *files: {"statuses": store(files)},
    "store-small-pdus": lambda *files: {"statuses": store(files, max_pdu=4096)},
    "store-any-pdu": lambda *files: {"statuses": store(files, max_pdu=0)},
    "abort-between": abort_between,
    "abort-inside": abort_inside,
    "cut-inside": cut_inside,
    "asynchronous": lambda *files: asynchronous(files),
    "roles": roles,
    "identity": identity,
    "echo": echo,
    "encoded-again": encoded_again,
}
print(json.dumps(scenarios[SCENARIO](*ARGUMENTS)))
