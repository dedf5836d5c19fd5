import { AgentConfig } from '@collimator/shared/contracts/agent-config';
import { assemblyMeanings } from './assembly-meanings.ts';
import { destinationMeanings } from './destination-meanings.ts';
import { priorMeanings } from './prior-meanings.ts';
import { engineMeanings } from './engine-meanings.ts';
import { localApiMeanings } from './local-api-meanings.ts';
import { telemetryMeanings } from './telemetry-meanings.ts';
import { envPrefix } from './load-agent-config.ts';
import { remoteMeanings } from './remote-meanings.ts';

/** What each key is for. A test holds this table against the schema: no key without a line, no line without a key. */
const meanings: Readonly<Record<string, string>> = {
  'device.serial': 'Name of this appliance at the hub; the token of the enrolment is bound to it',
  'device.labels': 'Free key-value pairs for people and roll-outs, such as the room',
  data: 'Folder for images, results, models, the database and the identity; one agent at a time',
  'hub.url': 'https address of the hub, for the enrolment',
  'hub.extra_ca': "PEM file of the hub's root certificate, for the enrolment when `--ca` is not given",
  'dicom.ae_title': 'Our AE title, called by senders and calling at destinations',
  'dicom.listen[].host': 'Address to listen on',
  'dicom.listen[].port': 'TCP port: 104 or 11112 by custom, 2762 with TLS; 0 takes any free one and logs it',
  'dicom.listen[].tls.certificate':
    'PEM file of the certificate shown to senders; a renewed one is shown within ten seconds',
  'dicom.listen[].tls.key': 'PEM file of its key',
  'dicom.listen[].tls.client_ca': 'PEM file; only senders with a certificate of this authority get in',
  'dicom.listen[].tls.anonymous_clients': 'Whether senders need no certificate; then there is no `client_ca`',
  'dicom.sources[].ae_title': 'Calling AE title that may send; who is not listed is refused',
  'dicom.sources[].address': 'Address or CIDR block that it may call from',
  'dicom.sources[].called': 'Called AE titles that it may use',
  'dicom.sources[].associations': 'Associations at a time of this sender; `dicom.limits.per_source` when not given',
  'dicom.sources[].user.name': 'User name that it must give (DICOM user identity); nobody without it gets in',
  'dicom.sources[].user.passcode_file':
    'File with the passcode that goes with it; the name alone suffices when not given',
  'dicom.limits.associations': 'Associations at a time, of all senders together',
  'dicom.limits.per_source': 'Associations at a time of one sender',
  'dicom.limits.association_wait_s':
    'How long an association waits for a place before it is refused, seconds; 0 refuses at once',
  'dicom.limits.async_operations':
    'Objects of one association that are worked on at a time, where the sender proposes it; 1 leaves it out',
  'dicom.limits.connections': 'TCP connections at a time, those without an association included',
  'dicom.limits.waiting_per_address': 'Of these, those of one address that have no association',
  'dicom.limits.artim_s': 'Longest wait for an association request, seconds',
  'dicom.limits.idle_s': 'Longest silence of a sender, seconds',
  'dicom.limits.progress_bytes_per_s_min': 'A sender slower than this inside an object is given up, bytes per second',
  'dicom.limits.progress_window_s': 'Time over which its speed is measured, seconds',
  'dicom.limits.pdu_bytes': 'Longest PDU that we announce, bytes',
  'dicom.disk.high_watermark':
    'Fill of the disk from which studies whose results are delivered are removed, the oldest first, 0 to 1',
  'dicom.disk.stop_watermark': 'Fill of the disk from which no image is taken (status A700H), 0 to 1',
  'dicom.disk.keep_hours_min': 'Studies younger than this are never removed, hours',
  'dicom.conflicts':
    'What happens to an object that has a known UID and other bytes: `quarantine` sets it aside and holds the study until somebody decides, `replace` takes it for the first one and makes the results anew, `keep-first` drops it',
  'dicom.retention.keep_days_max':
    'Studies older than this are removed although there is room, days; as long as there is room when null',
  'dicom.retention.withdrawable_days':
    'How long after a study was removed a rejection note still takes back what was sent of it, days; never when 0',
  'dicom.retention.withdrawable_max':
    'Jobs of removed studies for which that is so at most; beyond it those that were removed first are forgotten',
  'dicom.retention.interval_s': 'Between two looks at the disk for studies that may be removed, seconds',
  'dicom.limits.congestion_jobs': 'Queued jobs from which associations are refused as temporary congestion',
  'dicom.limits.congestion_free_bytes': 'Free bytes below which associations are refused as temporary congestion',
  'dicom.quarantine.entries_max': 'Most objects in the quarantine',
  'dicom.quarantine.bytes_max': 'Most bytes in the quarantine',
  'dicom.quarantine.keep_days':
    'Refused objects stay there for so many days; what a decision is waited for stays until it is made',
  'dicom.disk.congestion_watermark':
    'Fill of the disk from which associations are refused as temporary congestion, 0 to 1; midway between the other two when not given',
  'dicom.private_sop_classes': 'Storage SOP Class UIDs taken besides those of the standard',
  'dicom.transfer_syntaxes':
    'Transfer syntax UIDs in the order in which one is chosen where a sender proposes several; the rest follow in its own order',
  'assembly.complete_after_quiet_s': 'A study is complete when nothing came for so long, seconds',
  'assembly.late_images': 'Images after that: a new revision of the study, or not used',
  'assembly.rules[].source': 'Calling AE title whose studies may be complete before the quiet time; see routing.md',
  'assembly.rules[].when': 'What the rule waits for: that the sender has released its association',
  ...assemblyMeanings,
  ...priorMeanings,
  ...destinationMeanings,
  'routes[].name': 'Name in the audit log and on the command line; the name of the release when not given',
  'routes[].release': 'Model whose results are sent',
  'routes[].select.modality': 'Modalities that this route takes; see routing.md for all of `select`',
  'routes[].select.sop_classes': 'SOP Class UIDs that it takes',
  'routes[].select.body_part': 'Values of Body Part Examined that it takes, in capitals',
  'routes[].select.series_description': 'Regular expression for the series description; `(?i)` ignores case',
  'routes[].select.slices.min': 'Fewest slices (or frames) of a series',
  'routes[].select.slices.max': 'Most slices (or frames) of a series',
  'routes[].select.thickness_mm.min': 'Thinnest slice, mm',
  'routes[].select.thickness_mm.max': 'Thickest slice, mm',
  'routes[].select.orientation': 'Planes that it takes',
  'routes[].select.source': 'Calling AE titles of the senders that it takes series of',
  'routes[].priority': 'Class of its jobs; that of the release when not given. See engine.md',
  'routes[].share': 'Weight of its release against others of the same class; the highest of its routes counts',
  'routes[].complete': 'Whether a series waits for its study, or goes as soon as nothing more comes of it',
  'routes[].destinations': 'Where to, by name',
  'routes[].objects': 'Which objects are sent; see results.md',
  'routes[].report': 'SOP class of reports; `comprehensive-3d` has regions in the coordinates of the patient',
  'routes[].segmentation': 'What a segmentation holds: what is marked, or how probable it is',
  'routes[].outcomes.no_finding': 'Whether there is a report where nothing was marked',
  'routes[].outcomes.abstained': 'Whether there is one where the model was too unsure to say anything',
  'routes[].outcomes.refused': 'Whether there is one where the images are not what the model takes',
  'routes[].outcomes.failed': 'Whether there is one where the appliance could not finish',
  'routes[].key_images.most': 'Most secondary captures of a result: the slices on which most is marked',
  'routes[].key_images.window.center':
    "Window centre of secondary captures, in rescaled values; the source's when not given",
  'routes[].key_images.window.width': 'Window width of secondary captures',
  'routes[].unmatched':
    'Whether a study that no active model takes gets a report that says which condition failed; a node that is sent everything would answer everything',
  ...engineMeanings,
  ...remoteMeanings,
  ...localApiMeanings,
  ...telemetryMeanings,
  'log.level': 'Lowest level that is logged',
};

type Schema = {
  readonly type?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[] | undefined;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
};

/** `within`: the optional section that the key belongs to, if it is in one. */
type Key = { readonly path: string; readonly schema: Schema; readonly required: boolean; readonly within?: string };

/** Every key that holds a value, in the order of the schema; `[]` stands for each item of a list. */
export function configKeys(schema: Schema = AgentConfig, path = '', required = true): Key[] {
  if (schema.properties !== undefined) {
    const keys = Object.entries(schema.properties).flatMap(([name, child]) =>
      configKeys(child, path === '' ? name : `${path}.${name}`, schema.required?.includes(name) ?? false),
    );
    return required ? keys : keys.map((key) => ({ ...key, within: path.split('.').at(-1) ?? path }));
  }
  if (schema.items !== undefined && (schema.items.properties !== undefined || schema.items.anyOf !== undefined)) {
    return configKeys(schema.items, `${path}[]`);
  }
  if (
    schema.anyOf !== undefined &&
    schema.anyOf.some((one) => one.properties !== undefined || one.items !== undefined)
  ) {
    const inner = schema.anyOf.flatMap((one) => (one.const === undefined ? configKeys(one, path) : []));
    return [...(schema.default === undefined ? [] : [{ path, schema, required }]), ...merged(inner)];
  }
  return [{ path, schema, required }];
}

/** Kinds of one section share keys: each is told of once, with every value that one of the kinds takes. */
function merged(keys: readonly Key[]): Key[] {
  return [...new Set(keys.map(({ path }) => path))].flatMap((path) => {
    const [first, ...others] = keys.filter((key) => key.path === path);
    if (first === undefined) return [];
    const differs = others.some(({ schema }) => kindOf(schema) !== kindOf(first.schema));
    return [differs ? { ...first, schema: { anyOf: [first, ...others].map(({ schema }) => schema) } } : first];
  });
}

/** Keys without a meaning here, and meanings without a key: both empty, or the page would lie. */
export const undocumented = (): readonly string[] => {
  const keys = configKeys().map(({ path }) => path);
  return [
    ...keys.filter((path) => !(path in meanings)),
    ...Object.keys(meanings).filter((path) => !keys.includes(path)),
  ];
};

/** A key as people read it: what it takes, what holds when it is not given, and what it is for. */
export type DocumentedKey = {
  readonly path: string;
  readonly value: string;
  readonly standard: string;
  readonly meaning: string;
};

export const documentedKeys = (): readonly DocumentedKey[] =>
  configKeys().map(({ path, schema, required, within }) => ({
    path,
    value: kindOf(schema),
    standard: standard(schema, required, within),
    meaning: meanings[path] ?? '',
  }));

/** `docs/configuration.md`, whole. */
export function configReference(): string {
  const rows = documentedKeys().map(
    ({ path, value, standard: otherwise, meaning }) => `| \`${path}\` | ${value} | ${otherwise} | ${meaning} |`,
  );
  return [
    '# Configuration of an appliance',
    '',
    'One YAML file. This page is generated from its schema; a test keeps both the same. An example is',
    '[examples/agent.yaml](examples/agent.yaml). `collimator agent config check --config FILE` reports every problem at',
    'once, and an agent with a problem in its configuration does not start.',
    '',
    `A value can be overridden from the environment: \`${envPrefix}__DICOM__AE_TITLE=NODE1\` sets \`dicom.ae_title\`,`,
    `\`${envPrefix}__DICOM__LISTEN__0__PORT=104\` the port of the first listener. Secrets are given as paths of files.`,
    '',
    'Beyond what the table says, these must hold: a route names destinations that exist, no two routes have one name, no',
    'two listeners share a port, every file named can be read, and the data folder can be written to.',
    '',
    '| key | value | when not given | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function standard(schema: Schema, required: boolean, within: string | undefined): string {
  if (schema.default !== undefined) return `\`${JSON.stringify(schema.default)}\``;
  if (schema.anyOf?.every((one) => one.default !== undefined) === true)
    return [...new Set(schema.anyOf.map((one) => standard(one, required, within)))].join(' or ');
  if (!required) return 'none';
  return within === undefined ? 'required' : `required in \`${within}\``;
}

function kindOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const).replaceAll('"', '')}\``;
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(kindOf))].join(' or ');
  if (schema.items !== undefined) return `list of ${kindOf(schema.items)}`;
  const least = schema.minimum ?? schema.exclusiveMinimum;
  const range = [
    ...(least === undefined ? [] : [`${schema.minimum === undefined ? '>' : '≥'} ${least}`]),
    ...(schema.maximum === undefined ? [] : [`≤ ${schema.maximum}`]),
  ].join(', ');
  if (schema.properties !== undefined) return 'device';
  const names: Readonly<Record<string, string>> = { object: 'key-value pairs', null: 'null' };
  const name = names[schema.type ?? ''] ?? schema.type ?? 'value';
  return range === '' ? name : `${name} ${range}`;
}
