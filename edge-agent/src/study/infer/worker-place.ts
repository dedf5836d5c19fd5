import type { After } from '../../timers.ts';
import type { Slot } from '../queue/schedule/scheduler.ts';
import { offeredKeys } from '../queue/balance/balanced-job.ts';
import type { Changing, ChangeTurns } from './change-turns.ts';
import type { InferenceChild, Ready, RunAnswer } from './inference-child.ts';
import type { Loaded, LoadRelease } from './protocol.ts';
import type { WorkerTask } from './tasks.ts';

export type WorkerEnd = 'crashed' | 'stuck' | 'swapped' | 'stopped';

export type WorkerPlaceDeps = {
  /** Of the device. */
  readonly device: string;
  /** Of this place among those of the device. */
  readonly place: number;
  readonly start: (releases: readonly LoadRelease[]) => InferenceChild;
  /** Whether the device has room for these releases beside what its processes hold already. */
  readonly roomFor: (releases: readonly LoadRelease[]) => boolean;
  /** Of the places of all devices. */
  readonly turns: ChangeTurns;
  readonly residentBytesMax: number;
  readonly after: After;
  /** A new process is warm. */
  readonly onWarm: (ready: Ready) => void;
  /** A process ended by itself. Returns after how long the next one may start; undefined: when `resume` says so. */
  readonly onDied: (why: string) => number | undefined;
  readonly onEnded: (how: WorkerEnd) => void;
  /** A process has grown beyond its bound and is let go. */
  readonly onGrown: (residentBytes: number) => void;
  /** What it offers may have changed. */
  readonly onChange: () => void;
};

/** One process of a device at a time, and others only while models change. */
export type WorkerPlace = {
  slots(): readonly Slot[];
  has(slotId: string): boolean;
  /** Undefined when the slot is gone. */
  run(slotId: string, task: WorkerTask, stuckAfter_ms: number): Promise<RunAnswer | undefined>;
  want(releases: readonly LoadRelease[]): void;
  /**
   * Releases of jobs that were begun: a process that is let go stays as long as it has one that no new process has. Those
   * that still get new requests: it stays for them where a new one is beside it.
   */
  need(begun: ReadonlySet<string>, asked: ReadonlySet<string>): void;
  /** Whether a process takes new work for this release that is soon to give way to another. */
  changesFrom(sha256: string): boolean;
  /** Starts a new process with the same releases, beside the old one where there is room. */
  reload(): void;
  /** Lets a process end what it has, and starts a new one. */
  renew(slotId: string): void;
  /** Offers nothing until `resume`; what runs ends first. */
  suspend(): void;
  resume(): void;
  /** Bytes of device memory that its processes hold. */
  memoryBytes(): number;
  /** Whether a warm process is there, and whether one runs a task. */
  state(): { readonly warm: boolean; readonly busy: boolean };
  loaded(): readonly Loaded[];
  /** How a slot has a release; undefined when the slot is gone. */
  loadedOn(slotId: string, sha256: string): Loaded | undefined;
  stop(): Promise<void>;
};

type Worker = {
  readonly id: string;
  readonly child: InferenceChild;
  readonly key: string;
  readonly releases: readonly LoadRelease[];
  loaded: readonly Loaded[];
  busy: boolean;
  /** It went before another one could begin. */
  gaveRoom: boolean;
  /** Set before it is killed. */
  leaving: WorkerEnd | undefined;
  residentBytesFirst: number | undefined;
};

/** Processes that finish what was begun under releases of before; beyond that a change waits for the first of them. */
const RETIRING_MAX = 2;
/** A process that takes more than its bound from the start on has a bound that is too small, not a leak. */
const GROWTH_MIN = 1.25;

/**
 * Keeps one place of a device at what is wanted. For a change of models a new process is warmed beside the old one and
 * takes over; the old one stays for jobs that were begun under a release that only it has, then it is let go. Where the
 * memory does not hold both, the old one goes first. A place that serves waits for its turn.
 */
export function createWorkerPlace(deps: WorkerPlaceDeps): WorkerPlace {
  let wanted: readonly LoadRelease[] = [];
  let needed: ReadonlySet<string> = new Set();
  let asked: ReadonlySet<string> = new Set();
  /** A process with what is wanted has died before it was warm. */
  let failed = false;
  let current: Worker | undefined;
  let starting: Worker | undefined;
  const retiring = new Set<Worker>();
  const alive = new Set<Worker>();
  let generation = 0;
  let renew = false;
  let suspended = false;
  let stopped = false;
  let cancelPause: (() => void) | undefined;

  const keyOf = (releases: readonly LoadRelease[]): string => releases.map(({ sha256 }) => sha256).join(' ');

  /** Releases that a process offers: all of them, or only what began there and nothing newer has. */
  function offers(worker: Worker): readonly Loaded[] {
    if (suspended || stopped || worker.leaving !== undefined) return [];
    if (worker === current) return worker.loaded;
    return worker.loaded.filter(
      ({ sha256 }) => keepsFor(worker, sha256) && !wanted.some((release) => release.sha256 === sha256),
    );
  }

  /** What another place goes on with is not waited for: while it gets more and more of it, that would never end. */
  function keepsFor(worker: Worker, sha256: string): boolean {
    if (worker.gaveRoom && deps.turns.elsewhere(self, sha256)) return false;
    return needed.has(sha256) || (current !== undefined && asked.has(sha256));
  }

  const takesNew = (sha256: string): boolean =>
    current?.loaded.some((one) => one.sha256 === sha256 && one.attested) ?? false;
  const self: Changing = { takesNew, wake: () => converge() };
  deps.turns.join(self);

  function letGo(worker: Worker, how: WorkerEnd): void {
    if (worker.leaving !== undefined) return;
    worker.leaving = how;
    worker.child.kill();
  }

  function retire(worker: Worker): void {
    if (current === worker) current = undefined;
    retiring.add(worker);
  }

  function converge(): void {
    if (stopped) return;
    for (const worker of retiring) if (!worker.busy && offers(worker).length === 0) letGo(worker, 'swapped');
    if (suspended || cancelPause !== undefined) return;
    const key = keyOf(wanted);
    if (starting !== undefined && starting.key !== key) {
      letGo(starting, 'swapped');
      starting = undefined;
    }
    if (starting !== undefined) return;
    if (current?.key === key && !renew) return deps.turns.done(self);
    if (wanted.length === 0) {
      if (current === undefined) return deps.turns.done(self);
      retire(current);
      return converge();
    }
    if (current !== undefined && !deps.turns.mayChange(self)) return;
    if (alive.size > RETIRING_MAX || !deps.roomFor(wanted)) {
      if (current !== undefined) {
        current.gaveRoom = true;
        retire(current);
        deps.onChange();
        return converge();
      }
      // The end of a process that is let go brings us back here; with nobody here to wait for, it is tried all the same.
      if (alive.size > 0) return;
    }
    begin(key);
  }

  function begin(key: string): void {
    renew = false;
    const child = deps.start(wanted);
    const id = `${deps.device}/${deps.place}#${++generation}`;
    const worker: Worker = {
      ...{ id, child, key, releases: wanted, loaded: [], busy: false, gaveRoom: false },
      ...{ leaving: undefined, residentBytesFirst: undefined },
    };
    alive.add(worker);
    starting = worker;
    void child.ended.then((why) => onEnd(worker, why));
    void child.ready.then(
      (ready) => warm(worker, ready),
      () => undefined, // Its end is told by `ended`.
    );
  }

  function warm(worker: Worker, ready: Ready): void {
    if (starting !== worker || worker.leaving !== undefined) return;
    starting = undefined;
    worker.loaded = ready.loaded;
    if (current !== undefined) retire(current);
    current = worker;
    deps.onWarm(ready);
    deps.turns.done(self);
    converge();
    deps.onChange();
  }

  function onEnd(worker: Worker, why: string): void {
    alive.delete(worker);
    retiring.delete(worker);
    const [wasCurrent, wasStarting] = [current === worker, starting === worker];
    if (wasCurrent) current = undefined;
    if (wasStarting) starting = undefined;
    // A task that was lost with it says how.
    if (!worker.busy) deps.onEnded(worker.leaving ?? 'crashed');
    if (stopped) return;
    if (worker.leaving === undefined && (wasCurrent || wasStarting)) pauseFor(deps.onDied(why));
    if (worker.leaving === undefined && wasStarting) {
      failed = true;
      deps.turns.done(self);
    }
    converge();
    deps.onChange();
  }

  function pauseFor(pause_ms: number | undefined): void {
    cancelPause?.();
    cancelPause = undefined;
    if (pause_ms === undefined) return;
    cancelPause = deps.after(pause_ms, () => {
      cancelPause = undefined;
      converge();
    });
  }

  /** Whether a process has grown so much that it must be leaking. */
  function grown(worker: Worker, residentBytes: number): boolean {
    worker.residentBytesFirst ??= residentBytes;
    return residentBytes > deps.residentBytesMax && residentBytes > GROWTH_MIN * worker.residentBytesFirst;
  }

  function renewing(worker: Worker): void {
    renew = true;
    retire(worker);
  }

  const find = (slotId: string): Worker | undefined => [...alive].find(({ id }) => id === slotId);

  return {
    slots: () =>
      [...alive].flatMap((worker) => {
        const releases = offers(worker).flatMap(({ sha256, attested }) => offeredKeys(sha256, attested));
        return releases.length === 0 ? [] : [{ id: worker.id, device: deps.device, releases }];
      }),
    has: (slotId) => find(slotId) !== undefined,
    async run(slotId, task, stuckAfter_ms) {
      const worker = find(slotId);
      if (worker === undefined || worker.leaving !== undefined) return undefined;
      if (worker.busy) throw new Error(`${slotId} is busy`);
      worker.busy = true;
      const answer = await worker.child.run(task, stuckAfter_ms);
      worker.busy = false;
      if (answer.answer === undefined) deps.onEnded(worker.leaving ?? answer.why);
      else if (worker === current && grown(worker, answer.residentBytes)) {
        deps.onGrown(answer.residentBytes);
        renewing(worker);
      }
      converge();
      return answer;
    },
    want(releases) {
      wanted = releases;
      renew = false;
      failed = false;
      converge();
    },
    need(begun, askedFor) {
      needed = begun;
      asked = askedFor;
      converge();
    },
    changesFrom: (sha256) => !failed && !suspended && takesNew(sha256) && current?.key !== keyOf(wanted),
    reload() {
      renew = true;
      converge();
    },
    renew(slotId) {
      if (current?.id === slotId) renewing(current);
      converge();
      deps.onChange();
    },
    suspend() {
      suspended = true;
      pauseFor(undefined);
      if (starting !== undefined) letGo(starting, 'stopped');
      if (current !== undefined) retire(current);
      deps.turns.done(self);
      converge();
    },
    resume() {
      suspended = false;
      converge();
    },
    memoryBytes: () =>
      [...alive].reduce((sum, { releases }) => sum + releases.reduce((all, one) => all + one.memoryBytes, 0), 0),
    state: () => ({ warm: current !== undefined, busy: [...alive].some(({ busy }) => busy) }),
    loaded: () => current?.loaded ?? [],
    loadedOn: (slotId, sha256) => find(slotId)?.loaded.find((one) => one.sha256 === sha256),
    async stop() {
      stopped = true;
      pauseFor(undefined);
      const ends = [...alive].map((worker) => {
        letGo(worker, 'stopped');
        return worker.child.ended;
      });
      await Promise.all(ends);
    },
  };
}
