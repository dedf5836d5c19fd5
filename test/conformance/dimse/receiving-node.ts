/**
 * A receiving node as a program of its own, to be killed: SCP and sink, and an index of one JSON line per instance
 * that is on disk before it counts. Usage: receiving-node.js DATA_DIR PORT
 */
import { join } from 'node:path';
import { createStoreScp } from '@collimator/edge-agent/dimse/index';
import { sweepIncoming } from '@collimator/edge-agent/study/receive/disk/data-folders';
import { createInstanceSink } from '@collimator/edge-agent/study/receive/instance-sink';
import { openLinesIndex } from './lines-index.ts';

const [dataDir = '', port = '0'] = process.argv.slice(2);
await sweepIncoming(dataDir);
const index = await openLinesIndex(join(dataDir, 'index.jsonl'));

const scp = createStoreScp({
  listen: [{ host: '127.0.0.1', port: Number(port) }],
  policy: {
    sources: [{ aeTitle: '*', addresses: ['127.0.0.1'], calledAeTitles: ['*'], associationsMax: 16 }],
    associationsMax: 16,
  },
  sink: createInstanceSink({ dataDir, index }),
  onEvent: (event) => {
    if (event.type === 'fault') throw event.error;
  },
});
await scp.start();
process.stdout.write(`listening ${scp.addresses()[0]?.port}\n`);
