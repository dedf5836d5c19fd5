import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { Problem } from '@collimator/shared/contracts/validate';
import { assemblyFiles, assemblyProblems } from './assembly-checks.ts';
import { routeProblems } from './route-checks.ts';
import { dicomChecks, dicomFiles } from './dicom-checks.ts';
import { priorFiles, priorProblems } from './prior-checks.ts';
import { localApiChecks, localApiFiles, localApiSecrets } from './local-api-checks.ts';
import { commitmentProblems, destinationFiles, destinationProblems } from './destination-checks.ts';
import { telemetryChecks, telemetryFiles, telemetrySecrets } from './telemetry-checks.ts';
import { remoteFiles, remoteProblems, remoteSecrets } from './remote-checks.ts';
import { TIMER_S_MAX } from './timer-bound.ts';

/** What the checks ask of the machine. */
export interface Machine {
  /** Undefined when the file can be read, otherwise why not. */
  unreadable(file: string): string | undefined;
  /** Undefined when the file holds a secret that nobody else can read, otherwise why not. */
  unsafe(secret: string): string | undefined;
  /** Undefined when the folder can be made and written to, otherwise why not. */
  unwritable(folder: string): string | undefined;
}

/** Sections of a configuration that fit their schema; the others have been reported already. */
export type Sections = Partial<AgentConfig>;

/** Everything that a schema cannot say, all at once: names that must exist, ports that collide, files that must open. */
export function crossChecks(config: Sections, machine: Machine): Problem[] {
  return [
    ...destinationNames(config),
    ...routes(config),
    ...assemblyProblems(config),
    ...priorProblems(config),
    ...ports(config),
    ...(config.dicom === undefined ? [] : dicomChecks(config.dicom)),
    ...(config.local_api === undefined ? [] : localApiChecks(config.local_api)),
    ...(config.telemetry === undefined ? [] : telemetryChecks(config.telemetry)),
    ...bounds(config),
    ...destinationProblems(config.destinations ?? []),
    ...(config.dicom === undefined || config.destinations === undefined
      ? []
      : commitmentProblems(config.dicom, config.destinations)),
    ...devices(config),
    ...remoteProblems(config),
    ...files(config, machine),
  ];
}

const duplicates = (values: readonly string[]): readonly number[] =>
  values.flatMap((value, i) => (values.indexOf(value) < i ? [i] : []));

function destinationNames({ destinations = [] }: Sections): Problem[] {
  const names = destinations.map((d) => d.name);
  return duplicates(names).map((i) => ({
    path: `destinations[${i}].name`,
    what: `${names[i]} is the name of another destination too`,
  }));
}

function routes({ routes: all = [], destinations }: Sections): Problem[] {
  const problems = routeProblems(all);
  if (destinations === undefined) return problems;
  const known = new Set(destinations.map((d) => d.name));
  const unknown = all.flatMap((route, r) =>
    route.destinations.flatMap((name, d) =>
      known.has(name)
        ? []
        : [{ path: `routes[${r}].destinations[${d}]`, what: `${name} is not the name of a destination` }],
    ),
  );
  return [...problems, ...unknown];
}

const everywhere = new Set(['0.0.0.0', '::']);

function ports({ dicom, local_api: localApi }: Sections): Problem[] {
  const listeners = [
    ...(dicom?.listen ?? []).map((l, i) => ({ path: `dicom.listen[${i}].port`, host: l.host, port: l.port })),
    ...(localApi === undefined ? [] : [{ path: 'local_api.port', host: localApi.host, port: localApi.port }]),
  ];
  return listeners.flatMap((one, i) => {
    const other = listeners
      .slice(0, i)
      .find((o) => o.port === one.port && (o.host === one.host || everywhere.has(o.host) || everywhere.has(one.host)));
    // Port 0 asks for any free port, as often as one likes.
    if (one.port === 0 || other === undefined) return [];
    return [{ path: one.path, what: `${one.port} is the port of ${other.path.replace(/\.port$/, '')} too` }];
  });
}

function bounds({ dicom, assembly }: Sections): Problem[] {
  const times: readonly (readonly [string, number | undefined])[] = [
    ['dicom.limits.artim_s', dicom?.limits.artim_s],
    ['dicom.limits.association_wait_s', dicom?.limits.association_wait_s],
    ['assembly.complete_after_quiet_s', assembly?.complete_after_quiet_s],
  ];
  return times.flatMap(([path, seconds = 0]): Problem[] =>
    seconds > TIMER_S_MAX ? [{ path, what: `is more than ${TIMER_S_MAX} s` }] : [],
  );
}

function devices({ devices: all }: Sections): Problem[] {
  if (all === undefined || all === 'auto') return [];
  const gpus = all.map((device, i) => ('gpu' in device ? device.gpu : `not a GPU ${i}`));
  const names = all.map((device, i) => ('name' in device ? (device.name ?? String(i)) : String(i)));
  const every = all.findIndex((device) => 'gpus' in device);
  return [
    ...duplicates(gpus).map((i) => ({
      path: `devices[${i}].gpu`,
      what: `${gpus[i]} is listed already; give it more workers there`,
    })),
    ...duplicates(names).map((i) => ({ path: `devices[${i}].name`, what: `${names[i]} is the name of another one` })),
    ...all.flatMap((device, i) =>
      'gpus' in device && i !== every ? [{ path: `devices[${i}].gpus`, what: 'every GPU is listed already' }] : [],
    ),
  ];
}

function files(config: Sections, machine: Machine): Problem[] {
  const { data, hub, dicom, destinations = [], assembly, priors, local_api: localApi, telemetry } = config;
  const named: (readonly [string, string | null | undefined])[] = [['hub.extra_ca', hub?.extra_ca]];
  if (dicom !== undefined) named.push(...dicomFiles(dicom));
  named.push(...destinationFiles(destinations));
  named.push(...assemblyFiles(assembly?.rules ?? []), ...remoteFiles(config));
  if (priors !== undefined) named.push(...priorFiles(priors));
  if (localApi !== undefined) named.push(...localApiFiles(localApi));
  if (telemetry !== undefined) named.push(...telemetryFiles(telemetry));
  const unreadable = named.flatMap(([path, file]) => {
    if (file === undefined || file === null) return [];
    const why = file === '' ? 'is missing; certificate and key belong together' : machine.unreadable(file);
    return why === undefined ? [] : [{ path, what: why }];
  });
  const secrets = [
    ...(localApi === undefined ? [] : localApiSecrets(localApi)),
    ...(telemetry === undefined ? [] : telemetrySecrets(telemetry)),
    ...remoteSecrets(config),
  ];
  const unsafe = secrets.flatMap(([path, file]) => {
    const why = machine.unsafe(file);
    return why === undefined ? [] : [{ path, what: why }];
  });
  const unwritable = data === undefined ? undefined : machine.unwritable(data);
  return [...unreadable, ...unsafe, ...(unwritable === undefined ? [] : [{ path: 'data', what: unwritable }])];
}
