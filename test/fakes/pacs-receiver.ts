/**
 * A small PACS for the demo and for tests: a Store SCP that takes everything from everybody.
 *
 *   node test/dist/fakes/pacs-receiver.js --port 0 --ae-title PACS --out DIR
 *
 * Prints `listening <port>` on stdout. SIGTERM and SIGINT end it when the objects that are arriving are stored.
 */
import { parseArgs } from 'node:util';
import { createStoreScp, type ScpEvent } from '@collimator/edge-agent/dimse/index';
import { createCheckpoint } from '@collimator/shared/observe/checkpoint';
import type { LogLine } from './received-log.ts';
import { openReceiver } from './receiver-sink.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    'ae-title': { type: 'string', default: 'PACS' },
    out: { type: 'string' },
  },
});
const { out } = values;
if (out === undefined) {
  process.stderr.write('usage: pacs-receiver --out DIR [--port N] [--host ADDRESS] [--ae-title TITLE]\n');
  process.exit(2);
}

const { sink, log } = await openReceiver(out, createCheckpoint(process.env));

function lineOf(event: ScpEvent): LogLine | undefined {
  if (!event.type.startsWith('association-') || !('calledAeTitle' in event)) return undefined;
  const { associationId, callingAeTitle, calledAeTitle, remoteAddress } = event;
  return {
    type: 'association',
    event: event.type.slice('association-'.length) as 'accepted' | 'rejected' | 'released' | 'aborted',
    associationId,
    callingAeTitle,
    calledAeTitle,
    remoteAddress,
    why: 'why' in event ? event.why : '',
  };
}

/** A log that cannot be written makes everything this program is for worthless. */
function fatal(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
}

const scp = createStoreScp({
  listen: [{ host: values.host, port: Number(values.port) }],
  policy: {
    sources: [
      { aeTitle: '*', addresses: ['0.0.0.0/0', '::/0'], calledAeTitles: [values['ae-title']], associationsMax: 32 },
    ],
    associationsMax: 32,
  },
  sink,
  onEvent(event) {
    if (event.type === 'fault') fatal(event.error);
    const line = lineOf(event);
    if (line !== undefined) log.append(line).catch(fatal);
  },
});

async function stop(): Promise<void> {
  await scp.close();
  await log.close();
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop().catch(fatal));

await scp.start();
process.stdout.write(`listening ${scp.addresses()[0]?.port}\n`);
