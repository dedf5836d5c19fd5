import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { storeGroup } from './store-group.ts';
import { type LaneRequest, SLOT_BYTES } from './store-lane-protocol.ts';

const { memory } = workerData as { readonly memory: SharedArrayBuffer };
const port = parentPort;
if (port === null) throw new Error('the lane runs as a worker thread only');

const slots = Array.from(
  { length: memory.byteLength / SLOT_BYTES },
  (_, slot) => new Uint8Array(memory, slot * SLOT_BYTES, SLOT_BYTES),
);

// What came while the last group was stored is the next group; there are no more than there are slots.
port.on('message', (first: LaneRequest | 'close') => {
  const group: LaneRequest[] = [];
  let message: LaneRequest | 'close' | undefined = first;
  while (message !== undefined && message !== 'close') {
    group.push(message);
    message = receiveMessageOnPort(port)?.message as LaneRequest | 'close' | undefined;
  }
  if (group.length > 0) port.postMessage(storeGroup(group, slots));
  if (message === 'close') port.close();
});
