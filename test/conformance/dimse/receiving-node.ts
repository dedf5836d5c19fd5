/**
 * A receiving node as a program of its own, to be killed: SCP and sink, and an index of one JSON line per instance
 * that is on disk before it counts. Usage: receiving-node.js DATA_DIR PORT
 */
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createStoreScp } from '@collimator/edge-agent/dimse/index';
import { sweepIncoming } from '@collimator/edge-agent/study/receive/data-folders';
import type { InstanceIndex } from '@collimator/edge-agent/study/receive/instance-index';
import { createInstanceSink } from '@collimator/edge-agent/study/receive/instance-sink';

const [dataDir = '', port = '0'] = process.argv.slice(2);
await sweepIncoming(dataDir);
const file: FileHandle = await open(join(dataDir, 'index.jsonl'), 'a+');
const known = new Map<string, string>();
for (const line of (await readFile(join(dataDir, 'index.jsonl'), 'utf8')).split('\n'))
  if (line.endsWith('}')) {
    const { uid, sha256 } = JSON.parse(line) as { uid: string; sha256: string };
    known.set(uid, sha256);
  }
await file.appendFile('\n'); // A line that the last kill cut off stays alone.

let last: Promise<unknown> = Promise.resolve();
const index: InstanceIndex = {
  record(header, path) {
    const mine = last.then(async () => {
      const before = known.get(header.sopInstanceUid);
      if (before !== undefined) return before === header.dataSetSha256 ? ('duplicate' as const) : ('conflict' as const);
      await file.appendFile(`${JSON.stringify({ uid: header.sopInstanceUid, sha256: header.dataSetSha256, path })}\n`);
      await file.datasync();
      known.set(header.sopInstanceUid, header.dataSetSha256);
      return 'stored' as const;
    });
    last = mine;
    return mine;
  },
};

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
