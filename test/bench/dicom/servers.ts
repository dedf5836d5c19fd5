import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOrthanc } from '../../e2e/orthanc.ts';
import { freePorts } from '../../free-ports.ts';
import { startListening } from '../../peers/listening-program.ts';
import { startStorescp } from '../../peers/storescp.ts';

/**
 * Those that are measured, by the names of the table. The last two are there to be read: the goals are held against the
 * programs as they come.
 */
export const serverNames = [
  'collimator',
  'storescp',
  'storescp at its best',
  'orthanc',
  'storescp without delay',
  'orthanc without delay',
] as const;
export type ServerName = (typeof serverNames)[number];

export type Server = {
  readonly name: ServerName;
  readonly pid: number;
  readonly port: number;
  /** Title that it is called by. */
  readonly aeTitle: string;
  stop(): Promise<void>;
};

export const callingAeTitle = 'BENCH';

/** Always from the compiled form, also when the caller is a test. */
const testDist = new URL(import.meta.url.includes('/dist/') ? '../../' : '../../dist/', import.meta.url);

/** Starts one on an empty folder of its own; it takes associations when this resolves. */
export async function startServer(name: ServerName, folder: string): Promise<Server> {
  mkdirSync(folder, { recursive: true });
  switch (name) {
    case 'collimator': {
      const entry = fileURLToPath(new URL('bench/dicom/receiving-node.js', testDist));
      const [port] = (await freePorts(1)) as [number];
      const flags = process.env['COLLIMATOR_BENCH_NODE_FLAGS']?.split(' ').filter((flag) => flag !== '') ?? [];
      // As the appliance's service and image start it: buffers from the network are let go soon.
      const heap = '--max-semi-space-size=1';
      const program = await startListening(process.execPath, [heap, ...flags, entry, folder, String(port)], port);
      return { ...program, name, aeTitle: 'COLLIMATOR' };
    }
    case 'storescp':
      return { ...(await startStorescp(folder, 'defaults')), name, aeTitle: 'STORESCP' };
    case 'storescp at its best':
      return { ...(await startStorescp(folder, 'best')), name, aeTitle: 'STORESCP' };
    case 'storescp without delay':
      return { ...(await startStorescp(folder, 'no-delay')), name, aeTitle: 'STORESCP' };
    case 'orthanc':
    case 'orthanc without delay': {
      const [dicomPort, httpPort, unused] = (await freePorts(3)) as [number, number, number];
      const appliance = { aeTitle: callingAeTitle, port: unused };
      const orthanc = await startOrthanc({
        ...{ folder, aeTitle: 'ORTHANC', dicomPort, httpPort, appliance },
        ...(name === 'orthanc without delay' && { env: { TCP_NODELAY: '1' } }),
      });
      return { name, pid: orthanc.pid, port: dicomPort, aeTitle: 'ORTHANC', stop: () => orthanc.stop() };
    }
  }
}

export const folderOf = (root: string, name: ServerName): string => join(root, name.replaceAll(' ', '-'));
