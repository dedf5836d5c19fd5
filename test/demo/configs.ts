import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { aeTitles, type Layout, type Ports, serials } from './layout.ts';
import { checkout } from './checkout.ts';

export type Pacs = { readonly aeTitle: string; readonly host: string; readonly port: number };

/** How long a study must be quiet before it is complete. Short, because the demo's sender sends without pause. */
const completeAfterQuietS = 2;

/** Files that a hub and two appliances are started with, written as a person would write them, to be read afterwards. */
export function writeConfigs(layout: Layout, ports: Ports, pacs: Pacs): void {
  write(layout.hubConfig, hubConfig(layout, ports));
  for (const [i, serial] of serials.entries()) {
    const port = ports.appliances[i];
    if (port !== undefined) write(layout.appliance(serial).config, applianceConfig(layout, ports, serial, port, pacs));
  }
  const examples = join(checkout, 'hub', 'docs', 'examples');
  copyFileSync(join(examples, 'run.yaml'), layout.runSpec);
  copyFileSync(join(examples, 'release.json'), layout.release);
}

const write = (file: string, config: object): void => writeFileSync(file, stringify(config));

const hubConfig = (layout: Layout, ports: Ports) => ({
  data: layout.hubData,
  http: {
    host: '127.0.0.1',
    port: ports.hubHttp,
    public_url: `https://127.0.0.1:${ports.hubHttp}`,
    tls: { certificate: join(layout.authority, 'hub.crt'), key: join(layout.authority, 'hub.key') },
  },
  broker: {
    kind: 'embedded',
    host: '127.0.0.1',
    port: ports.hubMqtt,
    public_url: `mqtts://127.0.0.1:${ports.hubMqtt}`,
  },
  authority: {
    root: join(layout.authority, 'root-ca.crt'),
    certificate: join(layout.authority, 'issuing-ca.crt'),
    key: join(layout.authority, 'issuing-ca.key'),
  },
  trust: {
    repository: join(layout.keys, 'repository'),
    snapshot_key: join(layout.keys, 'online', 'snapshot.pem'),
    timestamp_key: join(layout.keys, 'online', 'timestamp.pem'),
    director_key: join(layout.keys, 'online', 'director.pem'),
  },
  operators: { token_file: join(layout.authority, 'operator.token') },
  datasets: [join(checkout, 'test', 'fixtures', 'brain-t1')],
  training: { launchers: [{ name: 'local', kind: 'local', parallel_max: 1 }] },
});

const applianceConfig = (
  layout: Layout,
  ports: Ports,
  serial: string,
  port: { readonly dicom: number; readonly localApi: number },
  pacs: Pacs,
) => ({
  device: { serial, labels: { site: 'demo' } },
  data: layout.appliance(serial).data,
  hub: { url: `https://127.0.0.1:${ports.hubHttp}`, extra_ca: join(layout.authority, 'root-ca.crt') },
  dicom: {
    ae_title: aeTitles.appliance,
    listen: [{ host: '127.0.0.1', port: port.dicom }],
    sources: [
      { ae_title: aeTitles.modality, address: '127.0.0.1/32', called: [aeTitles.appliance] },
      { ae_title: pacs.aeTitle, address: '127.0.0.1/32', called: [aeTitles.appliance] },
    ],
  },
  assembly: { complete_after_quiet_s: completeAfterQuietS },
  destinations: [{ name: 'pacs', kind: 'dimse', ae_title: pacs.aeTitle, host: pacs.host, port: pacs.port }],
  routes: [{ release: 'brain-mask-t1', destinations: ['pacs'], objects: ['SEG', 'SR'] }],
  // Of unequal speed, so that the balance has something to decide: the second has half the threads, and those step back.
  devices: [
    { name: 'cpu-fast', cpu: { threads: 2 }, decode_threads: 1 },
    { name: 'cpu-slow', cpu: { threads: 1 }, decode_threads: 1, nice: 10 },
  ],
  local_api: { host: '127.0.0.1', port: port.localApi },
});
