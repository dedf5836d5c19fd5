import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from '../demo/wait.ts';

/** An Orthanc of our own that plays the PACS: it refuses callers that it does not know and a called AE title that is not its own. */
export interface Orthanc {
  readonly dicomPort: number;
  readonly pid: number;
  /** One request to its REST interface; JSON comes back parsed. Throws for everything that is not a 2xx answer. */
  rest(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object | Uint8Array | string): Promise<unknown>;
  /** A stored instance as the Part 10 file that Orthanc gives out. */
  file(instance: string): Promise<Buffer>;
  /** Resolves with its names of the instances. */
  upload(files: readonly string[]): Promise<string[]>;
  stop(): Promise<void>;
}

export type OrthancOptions = {
  readonly folder: string;
  readonly aeTitle: string;
  readonly dicomPort: number;
  readonly httpPort: number;
  /** Besides those of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** AE title of the appliance, which may then send, and where studies are sent to under the name `appliance`. */
  readonly appliance: { readonly aeTitle: string; readonly port: number };
  /** With its DICOMweb plugin, at `/dicom-web/`. */
  readonly dicomWeb?: boolean;
  /** More of its configuration. */
  readonly settings?: object;
};

const dicomWebPlugin = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';

const program = '/usr/sbin/Orthanc';
const readyMsMax = 120_000;

export async function startOrthanc(options: OrthancOptions): Promise<Orthanc> {
  const { folder, aeTitle, dicomPort, httpPort, appliance } = options;
  mkdirSync(folder, { recursive: true });
  const config = {
    Name: aeTitle,
    StorageDirectory: join(folder, 'storage'),
    IndexDirectory: join(folder, 'storage'),
    HttpPort: httpPort,
    RemoteAccessAllowed: false,
    AuthenticationEnabled: false,
    DicomAet: aeTitle,
    DicomPort: dicomPort,
    DicomCheckCalledAet: true,
    DicomAlwaysAllowStore: false,
    DicomModalities: { appliance: { AET: appliance.aeTitle, Host: '127.0.0.1', Port: appliance.port } },
    ...(options.dicomWeb === true && { Plugins: [dicomWebPlugin] }),
    ...options.settings,
  };
  writeFileSync(join(folder, 'orthanc.json'), JSON.stringify(config, null, 2));
  const logFile = join(folder, 'orthanc.log');
  const log = openSync(logFile, 'a');
  const child = spawn(program, [join(folder, 'orthanc.json')], {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...options.env },
  });
  closeSync(log);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const base = `http://127.0.0.1:${httpPort}`;

  const send = async (method: string, path: string, body?: object | Uint8Array | string): Promise<Response> => {
    const raw = body instanceof Uint8Array || typeof body === 'string';
    const payload = raw || body === undefined ? body : JSON.stringify(body);
    const answer = await fetch(base + path, { method, ...(payload !== undefined && { body: payload }) });
    if (!answer.ok) throw new Error(`Orthanc ${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  await waitFor(async () => (await send('GET', '/system')).ok || undefined, {
    what: 'Orthanc',
    timeoutMs: readyMsMax,
    check: () => {
      if (child.exitCode !== null) throw new Error(`Orthanc ended\n${readFileSync(logFile, 'utf8').slice(-2_000)}`);
    },
  });

  return {
    dicomPort,
    pid: child.pid ?? 0,
    async rest(method, path, body) {
      const text = await (await send(method, path, body)).text();
      return text === '' ? undefined : (JSON.parse(text) as unknown);
    },
    file: async (instance) => Buffer.from(await (await send('GET', `/instances/${instance}/file`)).arrayBuffer()),
    async upload(files) {
      const names: string[] = [];
      for (const file of files) {
        const stored = (await (await send('POST', '/instances', readFileSync(file))).json()) as { readonly ID: string };
        names.push(stored.ID);
      }
      return names;
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
