/** What each key of telemetry is for; see `reference.ts`. */
export const telemetryMeanings: Readonly<Record<string, string>> = {
  'telemetry.traces.endpoint':
    'OTLP/HTTP address of a collector, with its path; without this section no traces are told. Plain http only to this machine; see monitoring.md',
  'telemetry.traces.sample_ratio': 'Part of the studies that are followed, 0 to 1',
  'telemetry.traces.headers_file':
    'File with `Name: value` lines that are sent along, such as a token: 20 characters or more, readable by its owner only, read again for each request',
  'telemetry.traces.ca': "PEM file of the collector's authority; the system's when not given",
};
