import type { ErrorEntry } from './error-entry.ts';

export const linkErrors = {
  'link-down': {
    what: 'There is no connection to the broker',
    remedy: 'It is retried by itself; check the hub address, the network and the certificate if it stays so',
    class: 'transient',
  },
  'not-enrolled': {
    what: 'This appliance has no identity yet',
    remedy:
      'Get a token from the hub and run: collimator agent enrol --hub URL --token-file FILE --ca FILE --config FILE',
    class: 'permanent',
  },
  'identity-invalid': {
    what: 'The identity of this appliance cannot be used',
    remedy: 'Enrol again with: collimator agent enrol --hub URL --token-file FILE --ca FILE --config FILE',
    class: 'permanent',
  },
  'certificate-expired': {
    what: 'The certificate of this appliance is outside its time of validity',
    remedy:
      'Check the clock of this machine, then enrol again with: collimator agent enrol; studies are served meanwhile',
    class: 'permanent',
  },
  'data-dir-in-use': {
    what: 'Another program runs on this data folder',
    remedy: 'Stop the other one, or give this one a data folder of its own',
    class: 'permanent',
  },
  'listen-failed': {
    what: 'An address to listen on cannot be had',
    remedy: 'Stop what listens there, or change the port in the configuration',
    class: 'permanent',
  },
  'outbox-full': {
    what: 'Too many events wait for the hub',
    remedy: 'Restore the connection to the hub; model changes go on when it has stored what waits, studies are served',
    class: 'transient',
  },
  'agent-unreachable': {
    what: 'The agent does not answer on its local API',
    remedy: 'Start it with: collimator agent start --config FILE, and check local_api in the configuration',
    class: 'transient',
  },
  'peer-unknown': {
    what: 'No destination has this name',
    remedy: 'List the destinations with: collimator agent peers list --config FILE',
    class: 'permanent',
  },
  'peer-echo-failed': {
    what: 'The C-ECHO did not succeed',
    remedy: 'Check host, port and AE titles on both sides; the step that failed is named',
    class: 'transient',
  },
  'internal-error': {
    what: 'The program met a state that it was not written for',
    remedy: 'It is restarted by the service manager; report the place named in the log',
    class: 'transient',
  },
} as const satisfies Record<string, ErrorEntry>;
