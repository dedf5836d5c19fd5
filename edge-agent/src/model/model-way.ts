import { readdir } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { DeviceEvent, DeviceRelease, ModelPhase } from '@collimator/shared/contracts/messages';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import { verifyAssignment } from '@collimator/shared/release/assignment';
import type { DeviceCapabilities } from '@collimator/shared/release/compatibility';
import { makeFolder } from '@collimator/shared/files/durable-file';
import type { Refusal } from '@collimator/shared/release/refusal';
import { trustFresh } from '@collimator/shared/release/trusted-metadata';
import type { Store } from '@collimator/shared/sqlite/store';
import { createHearing } from './announce/hear.ts';
import { createInbox } from './announce/inbox.ts';
import { plan, retryDelayMs, retryFirstMs } from './announce/plan.ts';
import { sqliteAssignments, type StoredAssignment } from './announce/sqlite-assignments.ts';
import { type Clock, systemClock } from './clock.ts';
import { dropPartial } from './fetch/partial-release.ts';
import { createRangeClient, type FetchLimits, fetchLimits } from './fetch/range-client.ts';
import { install, type InstallDeps } from './install.ts';
import { isTransient, reasonOf, refusalOf } from './model-error.ts';
import type { SelfTest } from './stage/self-test.ts';
import { type ActiveReleases, createActiveReleases } from './swap/active-releases.ts';
import { openTrustFiles } from './verify/trust-files.ts';

/** What was done with an assignment, for the durable outbox, which adds device, sequence number and time. */
export type ModelReport = Omit<DeviceEvent, 'schema' | 'device' | 'seq' | 'at'>;

export type ModelWayDeps = {
  readonly mqtt: MqttPort;
  readonly store: Store;
  /** Holds `trust/root.json` from the enrolment, `releases/` and `releases-incoming/`. */
  readonly dataDir: string;
  readonly deviceId: string;
  /** Resolves when the event is on the disk. */
  readonly report: (event: ModelReport) => Promise<unknown>;
  readonly selfTest: SelfTest;
  readonly now: () => Date;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  readonly capabilities?: DeviceCapabilities;
  readonly clock?: Clock;
  readonly limits?: FetchLimits;
  /** First wait after a failed try; it doubles from there. */
  readonly retryFirst_ms?: number;
};

export interface ModelWay {
  readonly releases: ActiveReleases;
  /** Loads what is active, then listens. @throws CodedError `trusted-root-unusable` */
  start(): Promise<void>;
  /** Ends the work under way and resolves when it has ended; the next start goes on where it was. */
  stop(): Promise<void>;
  status(): readonly DeviceRelease[];
  /** Calls back when `status` may have changed; the returned function ends it. */
  onChange(listener: () => void): () => void;
}

/** What onnxruntime-node 1.30 runs on any machine. */
const cpuOnly = (): DeviceCapabilities => ({ providers: ['cpu'], memory_bytes: totalmem(), opset_max: 22 });

export async function createModelWay(deps: ModelWayDeps): Promise<ModelWay> {
  const { mqtt, store, dataDir, deviceId, now, log, checkpoint } = deps;
  const { clock = systemClock, limits = fetchLimits, retryFirst_ms = retryFirstMs } = deps;
  // Not `incoming`: that one is of the images, and is emptied at each start.
  const incoming = join(dataDir, 'releases-incoming');
  const releases = join(dataDir, 'releases');
  const files = await openTrustFiles(join(dataDir, 'trust'), log);
  const ranges = createRangeClient({ mqtt, deviceId, clock, log, limits });
  const assignments = sqliteAssignments(store);
  const active = createActiveReleases({ store, releases, log });
  const listeners = new Set<() => void>();
  const ending = new AbortController();
  let working: { readonly assigned: StoredAssignment; readonly abort: AbortController } | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let linkIsBack = false;
  let stopListening = () => {};
  let cancelTimer = () => {};

  const trustDeps = { files, ranges, now, log };
  const installDeps: InstallDeps = {
    ...trustDeps,
    deviceId,
    releases,
    incoming,
    assignments,
    active,
    capabilities: deps.capabilities ?? cpuOnly(),
    selfTest: deps.selfTest,
    checkpoint,
    advance,
    catchUp: () => hearing.timestamp(),
  };
  const inbox = createInbox(mqtt, deviceId, log, (arrived) => {
    if (arrived !== undefined && supersedes(arrived)) working?.abort.abort();
    wake();
  });

  const hearing = createHearing({
    ...trustDeps,
    ...{ deviceId, inbox, assignments, active, checkpoint, tell, signal: ending.signal },
  });

  const changed = () => listeners.forEach((listener) => listener());

  /** Whether what arrived is a good assignment that takes the place of the one under way. */
  function supersedes({ name, bytes }: { readonly name: string; readonly bytes: Buffer }): boolean {
    if (working === undefined || working.assigned.ref.name !== name) return false;
    const accepted = { serial: working.assigned.serial, bytes: working.assigned.envelope };
    const next = verifyAssignment(files.trust.root, bytes, { device: deviceId, name, now: now(), accepted });
    return next.ok && next.value.serial > accepted.serial;
  }

  async function advance({ ref, serial }: StoredAssignment, phase: ModelPhase): Promise<void> {
    await store.write([assignments.phase(ref.name, serial, phase)]);
    await tell(ref, serial, phase);
  }

  async function tell(release: ReleaseRef, assignment: number, phase: ModelPhase, refusal?: Refusal): Promise<void> {
    const { name, version, sha256 } = release;
    if (refusal === undefined) log.event('model-phase', { name, version, sha256, serial: assignment, phase });
    const why = refusal && { code: refusal.code, detail: refusal.detail.slice(0, 1024) };
    await deps.report({ release, assignment, phase, ...why });
    if (assignment > 0) await assignments.reported(name, assignment, phase);
    changed();
  }

  function wake(): void {
    again = true;
    running ??= run();
  }

  async function run(): Promise<void> {
    while (again && !ending.signal.aborted) {
      again = false;
      cancelTimer();
      try {
        await round();
        wakeAt(nextRetry());
      } catch (error) {
        log.event('model-way-failed', { reason: reasonOf(error), retry_s: retryFirst_ms / 1000 });
        wakeAt(new Date(now().getTime() + retryFirst_ms));
      }
    }
    running = undefined;
  }

  /** Everything that can be done now: first what is trusted, then what is wanted. */
  async function round(): Promise<void> {
    if (linkIsBack) await assignments.retryPostponed();
    linkIsBack = false;
    await hearing.timestamp();
    await hearing.assignments();
    changed();
    for (const assigned of assignments.list()) {
      if (ending.signal.aborted) return;
      await follow(assigned);
    }
  }

  async function follow(assigned: StoredAssignment): Promise<void> {
    const { ref, serial } = assigned;
    const todo = plan(active.active(ref.name)?.ref, assigned, now());
    if (todo.kind === 'confirm') {
      await store.write([assignments.phase(ref.name, serial, 'active')]);
      await tell(ref, serial, 'active');
    } else if (todo.kind === 'install') {
      await installNow(assigned);
    } else if (todo.kind === 'wait' && assigned.phase === 'refused' && !assigned.reported) {
      await tell(ref, serial, 'refused', refusalOfRow(assigned));
    }
  }

  async function installNow(assigned: StoredAssignment): Promise<void> {
    const abort = new AbortController();
    working = { assigned, abort };
    const signal = AbortSignal.any([ending.signal, abort.signal]);
    try {
      const done = await install(installDeps, assigned, signal);
      if (done.ok) await tell(assigned.ref, assigned.serial, 'active');
      else await putOff(assigned, done.error);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      await putOff(assigned, refusal);
    } finally {
      working = undefined;
    }
  }

  async function putOff(assigned: StoredAssignment, refusal: Refusal): Promise<void> {
    // What ended because we stop or because something newer came is no failure of this release.
    if (refusal.code === 'model-superseded') return;
    const { ref, serial, attempts } = assigned;
    const delay_ms = retryDelayMs(attempts + 1, retryFirst_ms);
    const refused = !isTransient(refusal);
    const fields = { ...ref, serial, code: refusal.code, reason: refusal.detail, retry_s: delay_ms / 1000 };
    await assignments.putOff(assigned, refusal, new Date(now().getTime() + delay_ms), refused);
    if (refused) {
      log.event('model-refused', fields);
      await tell(ref, serial, 'refused', refusal);
    } else {
      const { sha256: _, ...postponed } = fields;
      log.event('model-postponed', postponed);
      changed();
    }
  }

  function nextRetry(): Date | undefined {
    const times = assignments.list().map((assigned) => {
      const todo = plan(active.active(assigned.ref.name)?.ref, assigned, now());
      if (todo.kind === 'wait') return todo.until;
      return todo.kind === 'nothing' ? undefined : new Date(now().getTime() + retryFirst_ms);
    });
    if (hearing.unfinished) times.push(new Date(now().getTime() + retryFirst_ms));
    return times.filter((time) => time !== undefined).sort((a, b) => a.getTime() - b.getTime())[0];
  }

  function wakeAt(time: Date | undefined): void {
    cancelTimer();
    if (time === undefined || ending.signal.aborted) return;
    cancelTimer = clock.after(Math.max(0, time.getTime() - now().getTime()), wake);
  }

  /** Forgets partial releases that nothing asks for any more. */
  async function tidy(): Promise<void> {
    const wanted = new Set(assignments.list().map(({ ref }) => ref.sha256));
    for (const sha256 of await readdir(incoming)) if (!wanted.has(sha256)) await dropPartial(incoming, sha256);
  }

  return {
    releases: active,
    async start() {
      for (const folder of [incoming, releases]) await makeFolder(folder);
      await tidy();
      await active.load();
      await ranges.start();
      await inbox.start();
      stopListening = mqtt.onConnected(() => {
        linkIsBack = true;
        wake();
      });
      wake();
    },
    async stop() {
      ending.abort();
      stopListening();
      cancelTimer();
      await running;
    },
    status() {
      const stale = !trustFresh(files.trust, now()).ok;
      const assigned = new Map(assignments.list().map((each) => [each.ref.name, each]));
      const names = new Set([...assigned.keys(), ...active.list().map(({ ref }) => ref.name)]);
      return [...names].sort().map((name): DeviceRelease => {
        const [wanted, runs] = [assigned.get(name), active.active(name)?.ref];
        const reason = wanted?.code === undefined ? {} : { reason: `${wanted.code}: ${wanted.detail ?? ''}` };
        const phase = wanted?.phase ?? 'active';
        return { name, active: runs ?? null, assigned: wanted?.ref ?? null, phase, stale, ...reason };
      });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const refusalOfRow = ({ code, detail }: StoredAssignment): Refusal => ({
  code: (code ?? 'self-test-failed') as Refusal['code'],
  detail: detail ?? '',
});
