import type { Log } from '@collimator/shared/observe/log';
import type { ActiveRelease } from '../assemble/route/active-releases.ts';
import type { After } from '../../timers.ts';
import type { Slot } from '../queue/schedule/scheduler.ts';
import type { ChangeTurns } from './change-turns.ts';
import { createDeviceHealth } from './device-health.ts';
import type { OnEngineEvent } from './engine-events.ts';
import type { InferenceChild, Ready, RunAnswer } from './inference-child.ts';
import type { DeviceSpec, Loaded, LoadRelease } from './protocol.ts';
import type { WorkerTask } from './tasks.ts';
import { createWorkerPlace, type WorkerPlace } from './worker-place.ts';

export type DeviceDeps = {
  readonly spec: DeviceSpec;
  /** Of the places of all devices. */
  readonly turns: ChangeTurns;
  readonly start: (spec: DeviceSpec, releases: readonly LoadRelease[]) => InferenceChild;
  readonly now: () => number;
  readonly after: After;
  readonly log: Log;
  /** What it offers may have changed. */
  readonly onChange: () => void;
  /** A process of it is new: what is remembered of the old one's memory does not hold any more. */
  readonly onRenewed: () => void;
  readonly onEvent: OnEngineEvent;
};

/** Starting: no process is warm yet. Draining: it is given nothing more. Failed: it is tried again later. */
export type DeviceState = 'starting' | 'ready' | 'draining' | 'failed';

/** Why a release cannot be run here, as of the last time it was tried. */
export type CannotLoad = { readonly code: string; readonly detail: string; readonly tries: number };

/** A device of the balance, with as many places for processes as share it. */
export type Device = {
  readonly spec: DeviceSpec;
  slots(): readonly Slot[];
  has(slotId: string): boolean;
  /** Undefined when the slot is gone. */
  run(slotId: string, task: WorkerTask, stuckAfter_ms: number): Promise<RunAnswer | undefined>;
  /** Which releases to have loaded from now on. */
  want(releases: readonly ActiveRelease[]): void;
  /** Releases of jobs that were begun, and those that still get new requests. */
  need(begun: ReadonlySet<string>, asked: ReadonlySet<string>): void;
  /** Whether a process takes new work for this release that is soon to give way to another. */
  changesFrom(sha256: string): boolean;
  /** Whether it is to have a release at all: a server has those that are named for it. */
  wants(sha256: string): boolean;
  /** An answer of it was no good, or was one. */
  blame(code: string): void;
  praise(): void;
  /** The process of a slot is of no use any more: it ends what it has, and a new one takes its place. */
  renew(slotId: string): void;
  state(): DeviceState;
  /** Why it is not ready. */
  reason(): string | undefined;
  loaded(): readonly Loaded[];
  /** How a slot has a release; undefined when the slot is gone. */
  loadedOn(slotId: string, sha256: string): Loaded | undefined;
  cannotLoad(sha256: string): CannotLoad | undefined;
  stop(): Promise<void>;
};

const RELOAD_FIRST_MS = 2_000;
const RELOAD_MOST_MS = 600_000;

/**
 * Keeps a device going: its processes are started again with growing pauses when they end; one that keeps failing is
 * drained, shown as failed and tried again; a release that could not be loaded is tried again as well.
 */
export function createDevice(deps: DeviceDeps): Device {
  const { spec, log } = deps;
  const health = createDeviceHealth();
  const unloadable = new Map<string, CannotLoad>();
  let wanted: readonly (LoadRelease & Pick<ActiveRelease, 'ref'>)[] = [];
  let given: 'up' | 'given-up' = 'up';
  let why: string | undefined;
  let told: DeviceState | undefined;
  let cancelRetry: (() => void) | undefined;
  let cancelReload: (() => void) | undefined;
  let stopped = false;
  const places: readonly WorkerPlace[] = Array.from({ length: spec.workers }, (_, place) =>
    createWorkerPlace({
      ...{ device: spec.name, place, residentBytesMax: spec.residentBytesMax, after: deps.after, turns: deps.turns },
      start: (releases) => deps.start(spec, releases),
      roomFor: (releases) => spec.memoryBytesMax === undefined || bytesOf(releases) + held() <= spec.memoryBytesMax,
      onWarm,
      onDied,
      onEnded: (how) => deps.onEvent({ type: 'worker-ended', device: spec.name, why: how }),
      onGrown: (bytes) => log.event('worker-grown', { device: spec.name, bytes, bytes_max: spec.residentBytesMax }),
      onChange: changed,
    }),
  );

  const bytesOf = (releases: readonly LoadRelease[]): number =>
    releases.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const held = (): number => places.reduce((sum, place) => sum + place.memoryBytes(), 0);

  function onWarm(ready: Ready): void {
    const { warm_ms, loaded } = ready;
    for (const { sha256 } of loaded) unloadable.delete(sha256);
    for (const { sha256, code, detail } of ready.unloadable) {
      unloadable.set(sha256, { code, detail, tries: (unloadable.get(sha256)?.tries ?? 0) + 1 });
      log.event('device-down', { device: spec.name, code, reason: detail });
    }
    const provider = [...new Set(loaded.map((one) => one.provider))].join(' ');
    log.event('device-ready', { device: spec.name, provider, releases: loaded.length, warm_ms });
    for (const one of loaded) tellOrigins(one);
    const [first] = spec.providers;
    if (first !== undefined && loaded.some((one) => one.provider === 'cpu') && first !== 'cpu')
      log.event('device-without-cuda', { device: spec.name, provider });
    why = undefined;
    deps.onRenewed();
    if (ready.unloadable.length > 0) reloadLater();
  }

  function tellOrigins({ sha256, origins = [], attested, why: reason = '' }: Loaded): void {
    const { name, version } = wanted.find((one) => one.sha256 === sha256)?.ref ?? { name: '', version: '' };
    for (const { protocol, server, model, version: model_version = '' } of origins) {
      const fields = { device: spec.name, release: name, version, protocol, server, model, model_version };
      if (attested) log.event('remote-model-attested', fields);
      else log.event('remote-model-unattested', { ...fields, reason });
    }
  }

  function reloadLater(): void {
    const tries = Math.max(...[...unloadable.values()].map((one) => one.tries));
    cancelReload?.();
    cancelReload = deps.after(Math.min(RELOAD_MOST_MS, RELOAD_FIRST_MS * 4 ** (tries - 1)), () => {
      cancelReload = undefined;
      for (const place of places) place.reload();
    });
  }

  function onDied(reason: string): number | undefined {
    const { pause_ms, giveUp } = health.died();
    log.event('device-down', {
      ...{ device: spec.name, code: 'inference-worker-died', reason, again_in_ms: pause_ms },
    });
    why = reason;
    if (!giveUp) return pause_ms;
    letDown(pause_ms);
    return undefined;
  }

  /** No more work for this device until it was started anew. */
  function letDown(pause_ms: number): void {
    given = 'given-up';
    for (const place of places) place.suspend();
    cancelRetry?.();
    cancelRetry = deps.after(pause_ms, () => {
      cancelRetry = undefined;
      given = 'up';
      for (const place of places) place.resume();
      changed();
    });
    changed();
  }

  function state(): DeviceState {
    const states = places.map((place) => place.state());
    if (given === 'given-up') return states.some(({ busy }) => busy) ? 'draining' : 'failed';
    if (states.some(({ warm }) => warm)) return places.some((place) => place.loaded().length > 0) ? 'ready' : 'failed';
    return why === undefined ? 'starting' : 'failed';
  }

  function changed(): void {
    if (stopped) return;
    const now = state();
    if (now !== told) {
      told = now;
      deps.onEvent({ type: 'device-state', device: spec.name, state: now });
      if (now === 'failed' || now === 'draining')
        log.event('device-state', { device: spec.name, state: now, reason: reason() ?? '' });
    }
    deps.onChange();
  }

  function reason(): string | undefined {
    if (why !== undefined) return why;
    const [first] = unloadable.values();
    return first === undefined ? undefined : `${first.code}: ${first.detail}`;
  }

  const placeOf = (slotId: string): WorkerPlace | undefined => places.find((place) => place.has(slotId));

  return {
    spec,
    slots: () => places.flatMap((place) => place.slots()),
    has: (slotId) => placeOf(slotId) !== undefined,
    run: async (slotId, task, stuckAfter_ms) => placeOf(slotId)?.run(slotId, task, stuckAfter_ms),
    want(releases) {
      wanted = releases
        .filter(({ ref }) => spec.remote === undefined || spec.remote.models[ref.name] !== undefined)
        .map(({ ref, folder, release }) => ({
          ...{ sha256: ref.sha256, ref, folder, memoryBytes: release.device.memory_bytes_min },
        }))
        .toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
      for (const sha256 of unloadable.keys())
        if (!wanted.some((release) => release.sha256 === sha256)) unloadable.delete(sha256);
      for (const place of places) place.want(wanted);
      changed();
    },
    need(begun, asked) {
      for (const place of places) place.need(begun, asked);
    },
    changesFrom: (sha256) => places.some((place) => place.changesFrom(sha256)),
    blame(code) {
      const { pause_ms, giveUp } = health.faulty();
      if (!giveUp) return;
      why = `${code} several times in a row`;
      log.event('device-down', { device: spec.name, code, reason: why, again_in_ms: pause_ms });
      letDown(pause_ms);
    },
    praise: () => health.worked(),
    renew: (slotId) => placeOf(slotId)?.renew(slotId),
    wants: (sha256) => wanted.some((release) => release.sha256 === sha256),
    state,
    reason,
    loaded: () => places.flatMap((place) => place.loaded()),
    loadedOn: (slotId, sha256) => placeOf(slotId)?.loadedOn(slotId, sha256),
    cannotLoad: (sha256) => unloadable.get(sha256),
    async stop() {
      stopped = true;
      cancelRetry?.();
      cancelReload?.();
      await Promise.all(places.map((place) => place.stop()));
    },
  };
}
