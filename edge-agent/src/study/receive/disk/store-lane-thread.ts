import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { storeGroup, type Written, writeFile } from './store-group.ts';
import type { LaneAnswers, LaneRequest } from './store-lane-protocol.ts';

const port = parentPort;
if (port === null) throw new Error('the lane runs as a worker thread only');

/** Written and not made durable yet; no more than there are slots. */
let written: Written[] = [];
let storing = false;
let closing = false;

// What is written while a group waits for the disk is the next group: its syncs cost as much as those of one file.
port.on('message', (first: LaneRequest | 'close') => {
  for (
    let message: LaneRequest | 'close' | undefined = first;
    message !== undefined;
    message = receiveMessageOnPort(port)?.message as LaneRequest | 'close' | undefined
  ) {
    if (message === 'close') closing = true;
    else written.push(writeFile(message));
  }
  if (!storing) void store();
});

async function store(): Promise<void> {
  storing = true;
  while (written.length > 0) {
    const group = written;
    written = [];
    const answers = await storeGroup(group);
    const slots = group.map(({ request }) => request.slot);
    port?.postMessage({ answers, slots } satisfies LaneAnswers, slots);
  }
  storing = false;
  if (closing) port?.close();
}
