/** A STOW-RS server as the appliance has it (routes, sink, files), in this process, with an index that is a list in memory. */
import type { AddressInfo } from 'node:net';
import { defaultTransferSyntaxes, storageSopClasses } from '@collimator/edge-agent/dimse/index';
import { type StowDeps, type StowEvent, stowRoutes } from '@collimator/edge-agent/local-api/stow-routes';
import { sweepIncoming } from '@collimator/edge-agent/study/receive/disk/data-folders';
import type { InstanceIndex } from '@collimator/edge-agent/study/receive/instance-index';
import { createInstanceSink, type InstanceSinkDeps } from '@collimator/edge-agent/study/receive/instance-sink';
import { everySystem } from '@collimator/edge-agent/timers';
import Fastify from 'fastify';

export const TOKEN = 'a-token-that-is-long-enough';
export const bearer = { authorization: `Bearer ${TOKEN}` };

export const stowLimits: StowDeps['limits'] = {
  idle_ms: 60_000,
  bytesPerSecondMin: 0,
  progressWindow_ms: 30_000,
  requestsMax: 4,
  bytesMax: 8 * 1024 ** 3,
  partsMax: 1_000,
  headerBytesMax: 4_096,
  commitsMax: 8,
};

export type StowNode = {
  readonly url: string;
  readonly port: number;
  readonly events: StowEvent[];
  close(): Promise<void>;
};

export async function startStowNode(
  dataDir: string,
  index: InstanceIndex,
  options: Partial<Omit<StowDeps, 'limits'>> & {
    readonly limits?: Partial<StowDeps['limits']>;
    readonly receive?: Partial<InstanceSinkDeps>;
  } = {},
): Promise<StowNode> {
  await sweepIncoming(dataDir);
  const events: StowEvent[] = [];
  const { receive, limits, ...more } = options;
  const app = Fastify({ forceCloseConnections: true });
  const stow: StowDeps = {
    sink: createInstanceSink({ dataDir, index, ...receive }),
    sources: [
      { name: 'VNA', address: '127.0.0.1', token: () => ({ ok: true, value: TOKEN }), requestsMax: 2 },
      { name: 'ELSEWHERE', address: '192.0.2.0/24', token: () => ({ ok: true, value: TOKEN }), requestsMax: 2 },
    ],
    calledAeTitle: 'COLLIMATOR',
    takesSopClass: (uid) => uid in storageSopClasses,
    takesTransferSyntax: (uid) => defaultTransferSyntaxes.includes(uid),
    congested: () => undefined,
    onEvent: (event) => events.push(event),
    now_ms: () => performance.now(),
    every: everySystem,
    limits: { ...stowLimits, ...limits },
    ...more,
  };
  await app.register(stowRoutes, { stow });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/dicom-web/studies`, port, events, close: () => app.close() };
}
