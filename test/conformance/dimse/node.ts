/** A receiving node as the appliance has it (SCP, sink, files), with an index that is a list in memory. */
import { createStoreScp, type ScpEvent, type StoreScp, type StoreScpDeps } from '@collimator/edge-agent/dimse/index';
import { sweepIncoming } from '@collimator/edge-agent/study/receive/disk/data-folders';
import type { InstanceHeader } from '@collimator/edge-agent/study/receive/header/instance-header';
import type { InstanceIndex } from '@collimator/edge-agent/study/receive/instance-index';
import { createInstanceSink, type InstanceSinkDeps } from '@collimator/edge-agent/study/receive/instance-sink';
import type { ReceiveEvent } from '@collimator/edge-agent/study/receive/receive-events';

export const NODE_AE_TITLE = 'COLLIMATOR';

export function memoryIndex(): InstanceIndex & {
  readonly headers: Map<string, InstanceHeader & { readonly path: string }>;
} {
  const headers = new Map<string, InstanceHeader & { readonly path: string }>();
  return {
    headers,
    async record(header, path) {
      const known = headers.get(header.sopInstanceUid);
      if (known !== undefined) return known.dataSetSha256 === header.dataSetSha256 ? 'duplicate' : 'conflict';
      headers.set(header.sopInstanceUid, { ...header, path });
      return 'stored';
    },
  };
}

export type TestNode = {
  readonly scp: StoreScp;
  readonly port: number;
  readonly events: ScpEvent[];
  readonly received: ReceiveEvent[];
};

export async function startNode(
  dataDir: string,
  index: InstanceIndex,
  options: {
    readonly limits?: StoreScpDeps['limits'];
    readonly sink?: Partial<InstanceSinkDeps>;
    readonly associationsMax?: number;
  } = {},
): Promise<TestNode> {
  await sweepIncoming(dataDir);
  const events: ScpEvent[] = [];
  const received: ReceiveEvent[] = [];
  const associationsMax = options.associationsMax ?? 16;
  const scp = createStoreScp({
    listen: [{ host: '127.0.0.1', port: 0 }],
    policy: {
      sources: [
        { aeTitle: 'MODALITY', addresses: ['127.0.0.0/8'], calledAeTitles: [NODE_AE_TITLE], associationsMax },
        { aeTitle: 'ELSEWHERE', addresses: ['192.0.2.0/24'], calledAeTitles: [NODE_AE_TITLE], associationsMax },
      ],
      associationsMax,
    },
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    sink: createInstanceSink({ dataDir, index, onEvent: (event) => received.push(event), ...options.sink }),
    onEvent: (event) => events.push(event),
  });
  await scp.start();
  return { scp, port: scp.addresses()[0]?.port ?? 0, events, received };
}
