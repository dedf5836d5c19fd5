import type { Run } from '../queue/balance/balance.ts';

/** How long an item of a release takes on a device, as the last ones told. */
export type LearnedSpeed = { readonly release: string; readonly version: string; readonly item_ms: number };

/** What a device has done since the start. */
export type DeviceWork = {
  readonly tasks: number;
  readonly items: number;
  readonly busy_ms: number;
  readonly speeds: readonly LearnedSpeed[];
};

export type DeviceTally = {
  done(run: Run, took_ms: number): void;
  of(device: string): DeviceWork;
};

/** Weight of a new reading. */
const NEW_WEIGHT = 0.3;
/** Releases whose speed is remembered for each device; the one that ran longest ago is forgotten. */
const RELEASES_MAX = 16;

/** Counts what devices do, for people who ask how they share the work. */
export function createDeviceTally(): DeviceTally {
  const devices = new Map<
    string,
    { tasks: number; items: number; busy_ms: number; speeds: Map<string, LearnedSpeed> }
  >();
  return {
    done({ device, job, task, items }, took_ms) {
      const work = devices.get(device) ?? { tasks: 0, items: 0, busy_ms: 0, speeds: new Map<string, LearnedSpeed>() };
      devices.set(device, work);
      work.tasks += 1;
      work.busy_ms += took_ms;
      if (task.type !== 'items' && task.type !== 'tensors') return;
      work.items += items;
      const { sha256, name, version } = job.release;
      const reading = took_ms / Math.max(1, items);
      const before = work.speeds.get(sha256)?.item_ms ?? reading;
      work.speeds.delete(sha256);
      work.speeds.set(sha256, { release: name, version, item_ms: before + NEW_WEIGHT * (reading - before) });
      for (const oldest of work.speeds.keys()) if (work.speeds.size > RELEASES_MAX) work.speeds.delete(oldest);
    },
    of(device) {
      const { tasks = 0, items = 0, busy_ms = 0, speeds } = devices.get(device) ?? {};
      return { tasks, items, busy_ms, speeds: [...(speeds?.values() ?? [])] };
    },
  };
}
