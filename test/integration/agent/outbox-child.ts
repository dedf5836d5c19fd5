/**
 * A program that does nothing but report events through the appliance's link, to be killed at any moment:
 *
 *   node test/dist/integration/agent/outbox-child.js DATA_DIR SERIAL
 *
 * Prints `stored <seq>` when an event is durable. It reports for ever, one event after another, and waits while many
 * are pending: a broker on a busy machine may be slower than the disk, and the outbox refuses what is over its bound.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createEventSender } from '@collimator/edge-agent/link/event-sender';
import { readIdentity } from '@collimator/edge-agent/link/identity';
import { openLink } from '@collimator/edge-agent/link/link';
import { createOutbox } from '@collimator/edge-agent/link/outbox';
import { everySystem } from '@collimator/edge-agent/timers';
import { silentLog } from '@collimator/shared/observe/log';
import { openStore } from '@collimator/shared/sqlite/open-store';

const [dataDir = '', serial = ''] = process.argv.slice(2);
const now = () => new Date();
const store = await openStore({
  file: join(dataDir, 'agent.sqlite'),
  migrations: new URL('../../../../edge-agent/src/store/migrations/', import.meta.url),
});
const link = openLink({
  identity: readIdentity(dataDir, serial),
  facts: { deviceId: serial, boot: String(process.pid), agentVersion: '0.1.0' },
  now,
  log: silentLog,
  reconnect_ms: 50,
});
const outbox = createOutbox({ store, deviceId: serial, now, log: silentLog });
// A restarted broker may take a window of events before the hub has subscribed again: nobody acknowledges those, and
// with the default they would be sent again only after a minute, which is the whole time of a test.
const sender = createEventSender({
  ...{ mqtt: link.mqtt, outbox, deviceId: serial, log: silentLog, every: everySystem },
  resendAfter_ms: 1_000,
});
await sender.start();

const release = { name: 'brain-mask-t1', version: '1.0.0', sha256: 'a'.repeat(64) };
const pendingMax = 2_000;
for (;;) {
  while (outbox.size() > pendingMax) await pause(20);
  await sender.report({ release, assignment: 1, phase: 'active' });
  process.stdout.write(`stored ${outbox.lastSeq()}\n`);
  await pause(2);
}
