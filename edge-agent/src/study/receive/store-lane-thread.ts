import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { storeGroup } from './store-group.ts';
import type { LaneAnswers, LaneRequest } from './store-lane-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('the lane runs as a worker thread only');

// What came while the last group was stored is the next group; there are no more than there are slots.
port.on('message', (first: LaneRequest | 'close') => {
  const group: LaneRequest[] = [];
  let message: LaneRequest | 'close' | undefined = first;
  while (message !== undefined && message !== 'close') {
    group.push(message);
    message = receiveMessageOnPort(port)?.message as LaneRequest | 'close' | undefined;
  }
  if (group.length > 0) {
    const slots = group.map(({ slot }) => slot);
    port.postMessage({ answers: storeGroup(group), slots } satisfies LaneAnswers, slots);
  }
  if (message === 'close') port.close();
});
