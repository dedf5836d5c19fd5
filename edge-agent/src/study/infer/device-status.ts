import type { DeviceStatus } from '@collimator/shared/contracts/local-api';
import type { Device } from './device.ts';
import type { DeviceTally } from './device-tally.ts';
import type { Engine } from './engine.ts';

/** A device as a person on site sees it. */
export function deviceStatus(device: Device, engine: Engine, tally: DeviceTally): DeviceStatus {
  const { name, kind, workers } = device.spec;
  const loaded = device.loaded();
  const state = device.state();
  const reason = device.reason();
  const running = engine.running().filter((run) => run.device === name);
  const { tasks, items, busy_ms, speeds } = tally.of(name);
  const releases = engine.wanted().filter(({ ref }) => loaded.some(({ sha256 }) => sha256 === ref.sha256));
  return {
    ...{ name, kind, state, workers, tasks, items },
    ready: state === 'ready',
    ...(reason !== undefined && { reason }),
    provider: [...new Set(loaded.map(({ provider }) => provider))].join(' '),
    releases: releases.map(({ ref }) => ({ name: ref.name, version: ref.version })),
    running: running.map(({ job, task, items: many }) => ({
      // A request of another program has no number.
      ...(job.request === undefined && { job: Number.parseInt(job.id, 10) }),
      ...{ task: task.type, items: many, release: job.release.name },
    })),
    busy_s: busy_ms / 1000,
    speeds: speeds.map(({ release, version, item_ms }) => ({ release, version, item_ms })),
  };
}
