import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { topics } from '@collimator/shared/contracts/topics';
import { connectMqtt } from '@collimator/shared/link/mqtt-client';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import { silentLog } from '@collimator/shared/observe/log';
import { ok } from '@collimator/shared/result';
import { openStore } from '@collimator/shared/sqlite/open-store';
import { createModelWay, type ModelReport, type ModelWayDeps } from '@collimator/edge-agent/model/model-way';

export type DeviceSide = Awaited<ReturnType<typeof startDeviceSide>>;

export type DeviceOptions = {
  readonly dir: string;
  readonly url: string;
  readonly id: string;
  readonly root: Buffer;
  readonly now: () => Date;
  readonly checkpoint?: Checkpoint;
  readonly over?: Partial<ModelWayDeps>;
};

/** From `test/integration/model-way` and from its compiled twin in `test/dist/integration/model-way` alike. */
const migrations = new URL(
  `${import.meta.url.includes('/dist/') ? '../' : ''}../../../edge-agent/src/store/migrations/`,
  import.meta.url,
);

/** The model part of the appliance, with a real connection and a real database; only the self-test may be a fake. */
export async function startDeviceSide({ dir, url, id, root, now, checkpoint, over }: DeviceOptions) {
  await mkdir(join(dir, 'trust'), { recursive: true });
  // As the enrolment does: only where there is none, never over what was trusted since.
  await writeFile(join(dir, 'trust', 'root.json'), root, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const store = await openStore({ file: join(dir, 'agent.sqlite'), migrations });
  const mqtt = connectMqtt({ url, clientId: id, reconnectMs: 100 });
  const reports: ModelReport[] = [];
  let seq = 0;
  const way = await createModelWay({
    mqtt,
    store,
    dataDir: dir,
    deviceId: id,
    selfTest: () => Promise.resolve(ok({ max_abs_diff: 0 })),
    now,
    log: silentLog,
    checkpoint: checkpoint ?? (() => undefined),
    async report(event) {
      reports.push(event);
      seq += 1;
      const full = { schema: 'collimator.event/1', device: id, seq, at: now().toISOString(), ...event };
      if (mqtt.connected) await mqtt.publish(topics.events(id), JSON.stringify(full), { qos: 1 });
    },
    limits: { window: 8, timeout_ms: 1000, triesMax: 4, backoffFirst_ms: 20 },
    ...over,
  });
  await way.start();
  return {
    way,
    reports,
    mqtt,
    async stop() {
      await way.stop();
      await mqtt.close();
      await store.close();
    },
  };
}
