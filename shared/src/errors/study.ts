import type { ErrorEntry } from './error-entry.ts';

export const studyErrors = {
  'study-unknown': {
    what: 'There is no study with this key',
    remedy: 'See the keys in `collimator agent studies list`; one that was removed is shown no more',
    class: 'permanent',
  },
  'study-unmatched': {
    what: 'No series of the study is what the model takes',
    remedy: 'Compare the conditions that failed with the selector of the release; send only studies that are for it',
    class: 'permanent',
  },
  'study-export-failed': {
    what: 'The files of a study could not be copied',
    remedy:
      'Name a folder that can be written to and that does not hold this study yet, and run it as who may read the data folder',
    class: 'permanent',
  },
  'study-patients-mixed': {
    what: 'The images of one study name more than one patient',
    remedy: 'Put the study right in the PACS and send all of it again; nothing is inferred on it before',
    class: 'permanent',
  },
  'series-in-two-studies': {
    what: 'A series has images in more than one study',
    remedy: 'Find out in the PACS which study it belongs to, and send that study again',
    class: 'permanent',
  },
  'series-partly-rejected': {
    what: 'Images of a series were rejected by their source, and none came in their place',
    remedy: 'Send the corrected images, or all that is to be used as a series of its own',
    class: 'permanent',
  },
  'series-too-large': {
    what: 'The decoded series would take more memory than one series may',
    remedy: 'Send the phases or reconstructions of the examination as series of their own',
    class: 'permanent',
  },
  'image-unreadable': {
    what: 'The file of an image cannot be read',
    remedy: 'Send the study again; look at the disk if it happens more than once',
    class: 'permanent',
  },
  'image-transfer-syntax-unsupported': {
    what: 'The pixels are in a transfer syntax that is not decoded here',
    remedy: 'Let the sender convert to explicit VR little endian or to a still-image transfer syntax',
    class: 'permanent',
  },
  'image-unsupported': {
    what: 'The image is of a kind that is not processed here',
    remedy: 'Route greyscale images to this appliance; the detail says what this one is',
    class: 'permanent',
  },
  'image-damaged': {
    what: 'The pixels of an image are incomplete or broken',
    remedy: 'Send the study again; look at the image on its source if it stays so',
    class: 'permanent',
  },
  'series-empty': {
    what: 'There are no slices to make a volume of',
    remedy: 'Send the whole series',
    class: 'permanent',
  },
  'series-without-geometry': {
    what: 'Slices do not say where they lie',
    remedy:
      'Send original images with position, orientation, pixel spacing and slice thickness; radiographs need a release that takes images one by one',
    class: 'permanent',
  },
  'series-mixed': {
    what: 'The slices do not belong together',
    remedy: 'Send each series with the patient, study and frame of reference it was acquired with',
    class: 'permanent',
  },
  'series-mixed-orientation': {
    what: 'The slices lie in different directions',
    remedy: 'Send the orientations as series of their own',
    class: 'permanent',
  },
  'series-mixed-size': {
    what: 'The slices differ in matrix or pixel spacing',
    remedy: 'Send them as series of their own',
    class: 'permanent',
  },
  'series-duplicate-slices': {
    what: 'Two slices lie at the same place',
    remedy: 'Send the phases or echoes of a series as series of their own',
    class: 'permanent',
  },
  'series-several-volumes': {
    what: 'The series holds several volumes, and nothing says which of them is meant',
    remedy: 'Send each stack, time, echo or diffusion weighting as a series of its own',
    class: 'permanent',
  },
  'series-localizers': {
    what: 'The series holds nothing but localizers',
    remedy: 'Send the series that was planned on them',
    class: 'permanent',
  },
  'series-tilted': {
    what: 'The slices are shifted against each other by more than a tilted gantry does',
    remedy: 'Look at the positions of the images on their source',
    class: 'permanent',
  },
  'series-gap': {
    what: 'The slices are not evenly spaced',
    remedy: 'Send the missing slices; a series with uneven steps is not processed',
    class: 'permanent',
  },
  'inference-model-unloadable': {
    what: 'The model cannot be loaded on this device',
    remedy: 'Check the execution providers and the memory of the device against release.json',
    class: 'transient',
  },
  'inference-release-altered': {
    what: 'A release on the disk is not what was signed',
    remedy: 'Start the appliance again, it fetches the release anew; look for a failing disk or a person with access',
    class: 'permanent',
  },
  'inference-release-unsupported': {
    what: 'The release asks for what this appliance cannot run',
    remedy: 'Roll out a release with one stage of unit slice, or update the appliance',
    class: 'permanent',
  },
  'inference-output-invalid': {
    what: 'The model answered with something other than it declares',
    remedy: 'Compare the outputs in release.json with the model; roll back to the version before',
    class: 'permanent',
  },
  'decode-thread-died': {
    what: 'A thread that decodes images ended in the middle of a job',
    remedy:
      'The job is tried again by itself; look for memory pressure if it stays so, and report the series that does it',
    class: 'transient',
  },
  'inference-worker-died': {
    what: 'The inference process ended in the middle of a job',
    remedy: 'The job is tried again by itself; look for memory pressure or a driver fault if it stays so',
    class: 'transient',
  },
  'inference-worker-stuck': {
    what: 'The inference process took far longer than expected and was ended',
    remedy: 'The job is tried again by itself; look for an overloaded or faulty device if it stays so',
    class: 'transient',
  },
  'inference-failed': {
    what: 'The inference process could not finish a job',
    remedy: 'The job is tried again by itself; report the detail if it stays so',
    class: 'transient',
  },
  'job-interrupted-too-often': {
    what: 'The appliance stopped every time this job was running',
    remedy: 'Look for a fault of the machine; send the study again afterwards',
    class: 'permanent',
  },
  'delivery-result-damaged': {
    what: 'A result on disk is not the one that was made',
    remedy: 'Check the disk; send the study again to have it made anew',
    class: 'permanent',
  },
  'delivery-refused': {
    what: 'The destination refused the result',
    remedy: 'Let the destination accept its SOP class and our AE title, then send the study again',
    class: 'permanent',
  },
  'delivery-unreachable': {
    what: 'The destination cannot be reached or is busy',
    remedy: 'It is tried again by itself; check host, port and AE title if it stays so',
    class: 'transient',
  },
  'delivery-unanswered': {
    what: 'The destination did not say whether it has the result',
    remedy: 'The same bytes are sent again by themselves',
    class: 'ambiguous',
  },
} as const satisfies Record<string, ErrorEntry>;
