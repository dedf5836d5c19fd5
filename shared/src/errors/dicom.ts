import type { ErrorEntry } from './coded-error.ts';

export const dicomErrors = {
  DICOM_LISTEN_FAILED: {
    what: 'the DICOM node cannot listen',
    remedy: 'Free the port or set another one in the configuration, then start again.',
    class: 'permanent',
  },
  DICOM_PEER_UNREACHABLE: {
    what: 'the DICOM peer cannot be reached',
    remedy: 'Check its address and port, that it is running, and that a firewall lets this appliance through.',
    class: 'transient',
  },
  DICOM_ASSOCIATION_REJECTED: {
    what: 'the DICOM peer refused the association',
    remedy: "Enter this appliance's AE title and address at the peer, and check the called AE title.",
    class: 'permanent',
  },
  DICOM_ASSOCIATION_LOST: {
    what: 'the association with the DICOM peer ended early',
    remedy: "It is tried again; look into the peer's log if it happens often.",
    class: 'transient',
  },
  DICOM_CONTEXT_NOT_ACCEPTED: {
    what: 'the DICOM peer does not take this kind of object',
    remedy: 'Allow the SOP class and transfer syntax at the peer, or turn this kind of result off for its route.',
    class: 'permanent',
  },
  DICOM_STORE_REFUSED: {
    what: 'the DICOM peer refused to store the object',
    remedy: "Look up the status in the peer's conformance statement and its log.",
    class: 'permanent',
  },
  DICOM_UNPARSABLE: {
    what: 'a received object cannot be read as DICOM',
    remedy: 'It is kept in the quarantine folder; check the sender, then send it again.',
    class: 'permanent',
  },
  DICOM_DATA_SET_MISMATCH: {
    what: 'a received object is not what its sender announced',
    remedy: 'It is kept in the quarantine folder; check the sender or the router before it.',
    class: 'permanent',
  },
  DICOM_INSTANCE_CONFLICT: {
    what: 'an object came again under the same UID with other content',
    remedy: 'The first is kept and used, the other is in the quarantine folder; find out which of them is right.',
    class: 'permanent',
  },
  DICOM_STORAGE_FULL: {
    what: 'there is no room left for received objects',
    remedy: 'Free space on the data disk or shorten the retention time.',
    class: 'transient',
  },
} as const satisfies Record<string, ErrorEntry>;
