import type { ErrorEntry } from './error-entry.ts';

/** What the declared way from images to a model's input and from its output to a result can meet with. */
export const imagingErrors = {
  'imaging-ops-invalid': {
    what: 'The declared preprocessing or postprocessing cannot be applied',
    remedy: 'Correct the op lists of the stage in release.json',
    class: 'permanent',
  },
  'pipeline-outputs-missing': {
    what: 'A plan or an output that another worker left for this job is not there',
    remedy: 'The job is done again by itself; look for a full or failing disk if it stays so',
    class: 'transient',
  },
} as const satisfies Record<string, ErrorEntry>;
