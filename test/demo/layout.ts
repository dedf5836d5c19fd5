import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { freePorts } from '../free-ports.ts';

/** Where everything of one demo lies. Every file stays to be read afterwards. */
export type Layout = {
  readonly root: string;
  readonly authority: string;
  readonly keys: string;
  readonly hubConfig: string;
  readonly hubData: string;
  readonly runSpec: string;
  readonly release: string;
  readonly series: string;
  readonly pacs: string;
  readonly logs: string;
  readonly appliance: (serial: string) => { readonly config: string; readonly data: string };
};

/** The appliances of the demo; the study goes to the first. */
export const serials = ['RAD-0001', 'RAD-0002'] as const;

export const aeTitles = { appliance: 'COLLIMATOR', modality: 'MODALITY', pacs: 'PACS' } as const;

/** Lays out a folder that is new or empty; anything else belongs to somebody and is refused. */
export function layOut(folder: string): Layout {
  const root = resolve(folder);
  mkdirSync(root, { recursive: true });
  if (readdirSync(root).length > 0) throw new CodedError('demo-folder', root);
  const at = (...parts: string[]) => join(root, ...parts);
  const layout: Layout = {
    root,
    authority: at('authority'),
    keys: at('keys'),
    hubConfig: at('hub.yaml'),
    hubData: at('hub'),
    runSpec: at('run.yaml'),
    release: at('release.json'),
    series: at('series'),
    pacs: at('pacs'),
    logs: at('logs'),
    appliance: (serial) => ({ config: at(`${serial}.yaml`), data: at(serial) }),
  };
  mkdirSync(layout.logs);
  return layout;
}

export type Ports = {
  readonly hubHttp: number;
  readonly hubMqtt: number;
  readonly pacs: number;
  readonly appliances: readonly { readonly dicom: number; readonly localApi: number }[];
};

/** Ports from a base on, or free ones when there is no base. */
export async function choosePorts(base: number | undefined): Promise<Ports> {
  const count = 3 + 2 * serials.length;
  const numbers = base === undefined ? await freePorts(count) : Array.from({ length: count }, (_, i) => base + i);
  const [hubHttp = 0, hubMqtt = 0, pacs = 0, ...rest] = numbers;
  const appliances = serials.map((_, i) => ({ dicom: rest[2 * i] ?? 0, localApi: rest[2 * i + 1] ?? 0 }));
  return { hubHttp, hubMqtt, pacs, appliances };
}
