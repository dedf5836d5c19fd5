import type { ErrorEntry } from './error-entry.ts';

export const engineErrors = {
  'inference-out-of-memory': {
    what: 'The memory of a device does not suffice for a run',
    remedy:
      'Smaller batches are tried by themselves; give the device fewer workers, or the model a smaller batch size, if it stays so',
    class: 'transient',
  },
  'inference-release-unknown': {
    what: 'No such model is served here',
    remedy: 'See the models in `collimator agent status`; only those that routes name and that are active are served',
    class: 'permanent',
  },
  'inference-request-cancelled': {
    what: 'Whoever asked did not wait for the answer',
    remedy: 'Nothing is to be done',
    class: 'permanent',
  },
  'inference-stopped': {
    what: 'The appliance is being stopped',
    remedy: 'Ask again when it runs',
    class: 'transient',
  },
} as const satisfies Record<string, ErrorEntry>;
