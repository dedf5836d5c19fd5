import type { ErrorEntry } from './error-entry.ts';

/** Why a job has no priors. They stand in `studies show`, in events and, where a prior is required, in the report. */
export const priorErrors = {
  'priors-missing': {
    what: 'The model needs a prior study and there is none to be had',
    remedy:
      'See `agent studies show` for why; when the prior is at the PACS, run the study again by `agent studies retry`',
    class: 'permanent',
  },
  'priors-not-configured': {
    what: 'The model asks for priors and no PACS is named that has them',
    remedy: 'Name one under `priors.source` of the configuration; see priors.md',
    class: 'permanent',
  },
  'priors-late': {
    what: 'The priors did not come within the time that the model waits for them',
    remedy: 'See the events `priors-not-asked` and `prior-series-not-moved` for what held them up',
    class: 'transient',
  },
  'priors-unknown-patient': {
    what: 'The images of the study do not say enough of the patient, or of their date, to ask for priors',
    remedy: 'A Patient ID without wildcards, a Study Date, and a birth date or an issuer of the ID are needed',
    class: 'permanent',
  },
  'priors-source-unreachable': {
    what: 'The PACS that has the priors cannot be reached, or refuses the association',
    remedy: 'Check address, port, AE titles and TLS of `priors.source`, and that the PACS knows us',
    class: 'transient',
  },
  'priors-source-refused': {
    what: 'The PACS does not answer the question for priors, or will not send them',
    remedy: 'See the status in the event; have the PACS allow our AE title to query and retrieve',
    class: 'permanent',
  },
  'priors-source-failed': {
    what: 'The PACS failed to answer the question for priors, or to send them',
    remedy: 'It is tried again within the time that the model waits; see the log of the PACS',
    class: 'transient',
  },
  'priors-answer-unreadable': {
    what: 'The answer of the PACS cannot be read, or lists more than can be taken',
    remedy: 'See the log of the PACS; a Patient ID that stands for many patients has too many studies',
    class: 'permanent',
  },
  'priors-destination-unknown': {
    what: 'The PACS does not know where to send to',
    remedy: 'Enter our AE title, address and port at the PACS as a destination of C-MOVE',
    class: 'permanent',
  },
  'priors-incomplete': {
    what: 'A series of a prior did not come whole',
    remedy: 'See the event `prior-series-not-moved`, and who else may send to us under `dicom.sources`',
    class: 'transient',
  },
  'priors-too-large': {
    what: 'A series of a prior has more images than are fetched',
    remedy: 'Raise `priors.series_images_max`, or have the model ask for less',
    class: 'permanent',
  },
  'priors-other-patient': {
    what: 'What came is not surely of the same patient',
    remedy: 'Compare Patient ID, issuer, birth date and sex of both studies at the PACS',
    class: 'permanent',
  },
  'priors-not-as-asked': {
    what: 'What came is not of the modality or body part that the model asks for',
    remedy: 'Nothing is to be done where the PACS does not say what a series shows',
    class: 'permanent',
  },
} as const satisfies Record<string, ErrorEntry>;
