/**
 * The only place that builds MQTT topics (DESIGN section 6).
 * A device reads `fleet/` and its own subtree, writes parts of its own subtree, and nothing else.
 */
const root = 'collimator/v1';

export const topics = {
  fleetTimestamp: `${root}/fleet/timestamp`,
  assignment: (device: string, release: string) => `${root}/devices/${device}/assignments/${release}`,
  assignments: (device: string) => `${root}/devices/${device}/assignments/+`,
  state: (device: string) => `${root}/devices/${device}/state`,
  telemetry: (device: string) => `${root}/devices/${device}/telemetry`,
  drift: (device: string) => `${root}/devices/${device}/drift`,
  events: (device: string) => `${root}/devices/${device}/events`,
  commands: (device: string) => `${root}/devices/${device}/commands`,
  acks: (device: string) => `${root}/devices/${device}/acks`,
  chunkRequest: (device: string) => `${root}/chunks/${device}/request`,
  chunkData: (device: string) => `${root}/chunks/${device}/data`,
} as const;

/** What the hub subscribes to: the fleet's side of every subtree. */
export const hubSubscriptions = [
  topics.state('+'),
  topics.telemetry('+'),
  topics.drift('+'),
  topics.events('+'),
  topics.chunkRequest('+'),
] as const;

/** The device named in a topic of ours, or undefined when it is none of ours. */
export function parseTopic(topic: string): { readonly device: string; readonly kind: string } | undefined {
  const parts = topic.split('/');
  if (`${parts[0]}/${parts[1]}` !== root || parts.length < 5) return undefined;
  const [, , family, device, ...rest] = parts;
  if (device === undefined || device === '') return undefined;
  if (family === 'devices') return { device, kind: rest.join('/') };
  if (family === 'chunks') return { device, kind: `chunks/${rest.join('/')}` };
  return undefined;
}

const deviceWrites = (device: string): readonly string[] => [
  topics.state(device),
  topics.telemetry(device),
  topics.drift(device),
  topics.events(device),
  topics.chunkRequest(device),
];

const deviceReads = (device: string): readonly string[] => [
  topics.fleetTimestamp,
  topics.assignments(device),
  topics.commands(device),
  topics.acks(device),
  topics.chunkData(device),
];

/** Whether a device may publish on a topic: the parts of its own subtree that it writes. */
export const devicePublishes = (device: string, topic: string): boolean => deviceWrites(device).includes(topic);

/** Whether a device may subscribe with a filter: exactly the filters it needs, or one assignment of its own. */
export const deviceSubscribes = (device: string, filter: string): boolean =>
  deviceReads(device).includes(filter) ||
  (filter.startsWith(topics.assignment(device, '')) &&
    /^[a-z0-9-]+$/.test(filter.slice(topics.assignment(device, '').length)));
