import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { storeGroup } from './store-group.ts';
import type { LaneAnswers, LaneRequest } from './store-lane-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('the lane runs as a worker thread only');

let underWay = 0;
let closing = false;
const closeWhenDone = (): void => {
  if (closing && underWay === 0) port.close();
};

// What came together is a group; what comes while its syncs wait for the disk is the next. No more than there are slots.
port.on('message', (first: LaneRequest | 'close') => {
  const group: LaneRequest[] = [];
  for (
    let message: LaneRequest | 'close' | undefined = first;
    message !== undefined;
    message = receiveMessageOnPort(port)?.message as LaneRequest | 'close' | undefined
  ) {
    if (message === 'close') closing = true;
    else group.push(message);
  }
  if (group.length > 0) void store(group);
  closeWhenDone();
});

async function store(group: readonly LaneRequest[]): Promise<void> {
  underWay += 1;
  const answers = await storeGroup(group);
  const slots = group.map(({ slot }) => slot);
  port?.postMessage({ answers, slots } satisfies LaneAnswers, slots);
  underWay -= 1;
  closeWhenDone();
}
