import { remoteErrors } from '@collimator/shared/errors/remote';
import type { Log } from '@collimator/shared/observe/log';
import type { ActiveRelease } from '../assemble/route/active-releases.ts';
import type { After } from '../../timers.ts';
import type { Balance, Decision, Run } from '../queue/balance/balance.ts';
import { type AttemptEnd, type BalancedJob, type ChunkTask, releaseKey } from '../queue/balance/balanced-job.ts';
import type { CannotLoad, Device } from './device.ts';
import type { DeviceTally } from './device-tally.ts';
import type { OnEngineEvent } from './engine-events.ts';
import type { RunAnswer } from './inference-child.ts';
import type { Loaded, TaskAnswer } from './protocol.ts';
import type { WorkerTask } from './tasks.ts';
import { createUnattested, type Unattested } from './unattested.ts';
import { stuckAfter_ms, type Watchdog } from './watchdog.ts';

/** One attempt of a job, or a request, as whoever brings it deals with it. Nothing of it may throw. */
export type Ticket = {
  readonly job: BalancedJob;
  /** Undefined for a request: for events only. */
  readonly jobId: number | undefined;
  /** Its first task has a worker. Resolves with whether it is to be run after all, once that is written down. */
  begin(): Promise<boolean>;
  task(chunk: ChunkTask): WorkerTask;
  /** A model has computed a part of it. */
  computed(by: Loaded): void;
  /** A worker has died of it; it goes on. */
  noteDeath(code: string, detail: string): void;
  ended(end: AttemptEnd, device: string): void;
  /** It is over and no worker is at it any more. */
  released(): void;
};

type Open = Ticket & { out: number; over: boolean; serverFailures: number };

export type EngineDeps = {
  readonly balance: Balance;
  /** They call `engine.changed` by their `onChange`. */
  readonly devices: readonly Device[];
  readonly tally: DeviceTally;
  readonly watchdog: Watchdog;
  readonly now: () => number;
  readonly after: After;
  readonly log: Log;
  readonly onEvent: OnEngineEvent;
};

/** Runs what it is given on the devices, by the decisions of the balance. */
export type Engine = {
  readonly devices: readonly Device[];
  add(ticket: Ticket): void;
  /** Forgets what was not begun yet; false when it was. */
  drop(jobId: string): boolean;
  waiting(): readonly BalancedJob[];
  running(): readonly Run[];
  /** Releases that are to be run from now on. What was begun under others ends under them. */
  want(releases: readonly ActiveRelease[]): void;
  wanted(): readonly ActiveRelease[];
  /**
   * What takes new requests: the wanted releases. After one that no device has yet comes the one that it is to replace;
   * that comes first while it is still to give way on a device, so that all devices go on.
   */
  served(): readonly ActiveRelease[];
  /** As if something were under way that needs this release, until the returned function is called. */
  keep(sha256: string): () => void;
  /** Devices that have a release warm; `unattestedToo`: or a model that is not known to be it. */
  ready(sha256: string, unattestedToo: boolean): readonly string[];
  /** A device answered a request with what cannot be, and another one did not. */
  blame(device: string, code: string): void;
  /** From when on jobs are to be given up that must have the release itself; see there. */
  readonly unattested: Unattested;
  /** Why no device can run a release; undefined while one can or may. */
  cannotLoad(sha256: string): CannotLoad | undefined;
  changed(): void;
  /** Gives out nothing more, ends the processes, and waits for what they still answered. */
  stop(): Promise<void>;
};

/** A release that a device could not load so often is given up as far as its waiting jobs are concerned. */
const LOAD_TRIES_MIN = 2;
/** What says that a device is at fault rather than the work: see `Device.blame`. */
const blamed = new Set(['inference-failed', 'inference-output-invalid', 'decode-thread-died']);

/** So long a job that was begun waits for a device other than those that it avoids; one of those is better than none. */
export const AVOID_WAIT_MS = 60_000;

/** Failures of servers that an attempt bears: they say nothing of its work, unless it is at it again and again. */
const SERVER_FAILURES_MAX = 20;

/** Whether a server failed, or what is between it and us; what it could not do for now another device may do at once. */
const ofServer = (answer: TaskAnswer): answer is TaskAnswer & { readonly how: 'transient' } =>
  answer.how === 'transient' && answer.code in remoteErrors;

/** So many answers of a server are waited for to the last before a worker that asks for them counts as stuck. */
const SERVER_ANSWERS_MIN = 5;

/** A worker whose server is slow is not stuck: it gives up by itself when the server's time is up. */
function watchdogOf(device: Device | undefined, { factor, floor_ms }: Watchdog): Watchdog {
  const response_s = device?.spec.remote?.timeouts.response_s ?? 0;
  return { factor, floor_ms: Math.max(floor_ms, SERVER_ANSWERS_MIN * response_s * 1000) };
}

const same = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((one) => b.has(one));

export function createEngine(deps: EngineDeps): Engine {
  const { balance, devices, now, onEvent } = deps;
  const tickets = new Map<string, Open>();
  const runs = new Set<Promise<void>>();
  let wanted: readonly ActiveRelease[] = [];
  /** Wanted before, and still loaded somewhere. */
  let replaced: readonly ActiveRelease[] = [];
  const kept = new Map<string, number>();
  const unattested = createUnattested(devices, now);
  /** Since when no device can take a job but those that it avoids. */
  const avoidedSince = new Map<string, number>();
  let needed: ReadonlySet<string> = new Set();
  let asked: ReadonlySet<string> = new Set();
  let poked = false;
  let stopped = false;
  let cancelWake: () => void = () => undefined;

  /** Soon, and once for everything that happens at the same time. */
  function poke(): void {
    if (poked || stopped) return;
    poked = true;
    queueMicrotask(() => {
      poked = false;
      if (!stopped) pump();
    });
  }

  function pump(): void {
    // One moment for every question: between two, something could be due for neither.
    const begun_ms = now();
    balance.setSlots(
      devices.flatMap((device) => device.slots()),
      now(),
    );
    for (const id of avoidedSince.keys()) if (!tickets.has(id)) avoidedSince.delete(id);
    apply(balance.strand(canRun, now()));
    apply(balance.next(now()));
    tellNeeds();
    cancelWake();
    const at_ms = Math.min(balance.wakeAt_ms(now()) ?? Infinity, refusedFrom_ms(begun_ms));
    if (at_ms !== Infinity) cancelWake = deps.after(Math.max(1, at_ms - now()), poke);
  }

  /** When the next of the jobs that were begun has waited long enough for a device that can take it. */
  function refusedFrom_ms(after_ms: number): number {
    const due = [
      ...wanted.map(({ ref }) => unattested.from_ms(ref.sha256) ?? Infinity),
      ...[...avoidedSince.values()].map((since_ms) => since_ms + AVOID_WAIT_MS),
    ];
    return Math.min(Infinity, ...due.filter((at_ms) => at_ms > after_ms));
  }

  /** The devices that it avoids were not the only ones when it was begun. */
  function avoidsInVain({ id, avoid, release: { sha256 }, unattestedAllowed }: BalancedJob): boolean {
    if (avoid.length === 0) return false;
    if (devices.some((one) => !avoid.includes(one.spec.name) && offers(one, sha256, unattestedAllowed))) {
      avoidedSince.delete(id);
      return false;
    }
    const since_ms = avoidedSince.get(id) ?? now();
    avoidedSince.set(id, since_ms);
    return now() - since_ms >= AVOID_WAIT_MS;
  }

  const offers = (device: Device, sha256: string, unattestedToo = true): boolean =>
    device.slots().some(({ releases }) => releases.includes(releaseKey(sha256, !unattestedToo)));
  /** A process that only ends what was begun has no place for more: it would never be let go. */
  const takesNew = (sha256: string): boolean =>
    devices.some((device) => device.loaded().some((one) => one.sha256 === sha256 && one.attested));
  const givesWay = (sha256: string): boolean => devices.some((device) => device.changesFrom(sha256));
  function canRun(job: BalancedJob): boolean {
    const {
      release: { sha256 },
      unattestedAllowed,
    } = job;
    if (!unattestedAllowed && (unattested.from_ms(sha256) ?? Infinity) <= now()) return false;
    if (avoidsInVain(job)) return false;
    return wanted.some(({ ref }) => ref.sha256 === sha256) || devices.some((device) => offers(device, sha256));
  }

  /** Old processes stay for what was begun under a release that only they have. */
  function tellNeeds(): void {
    const begun = new Set([...balance.neededReleases(), ...kept.keys()]);
    const changing = new Set(replaced.map(({ ref }) => ref.sha256).filter(givesWay));
    if (same(begun, needed) && same(changing, asked)) return;
    [needed, asked] = [begun, changing];
    for (const device of devices) device.need(needed, asked);
    poke();
  }

  function apply(decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      const id = decision.do === 'run' ? decision.run.job.id : decision.job.id;
      const ticket = tickets.get(id);
      if (ticket === undefined) throw new Error(`${decision.do} of ${id}, which nobody brought`);
      if (decision.do === 'begin') track(begin(ticket));
      else if (decision.do === 'run') track(run(ticket, decision.run));
      else if (decision.do === 'note-death') ticket.noteDeath(decision.code, decision.detail);
      else if (decision.do === 'lower-batch') batchLowered(decision);
      else {
        ticket.over = true;
        ticket.ended(decision.end, decision.device);
        release(ticket);
      }
    }
  }

  function batchLowered({ device, job, items }: Decision & { do: 'lower-batch' }): void {
    const { name, version } = job.release;
    deps.log.event('batch-lowered', { device, release: name, version, items });
    onEvent({ type: 'batch-lowered', device, release: { name, version }, items });
  }

  async function begin(ticket: Ticket): Promise<void> {
    if (await ticket.begin()) apply(balance.begun(ticket.job.id, now()));
    else {
      balance.refused(ticket.job.id, now());
      tickets.delete(ticket.job.id);
    }
    poke();
  }

  async function run(ticket: Open, one: Run): Promise<void> {
    const { job, task, items, device: name } = one;
    const device = devices.find(({ spec }) => spec.name === name);
    const size = task.type === 'items' || task.type === 'tensors' ? items : Math.max(items, job.images);
    const begun_ms = now();
    const by = device?.loadedOn(one.slot, job.release.sha256);
    ticket.out += 1;
    onEvent({ type: 'task-begun', device: name });
    deps.log.event('task-started', {
      ...(ticket.jobId !== undefined && { job: ticket.jobId }),
      device: name,
      task: task.type,
      items,
    });
    const patience_ms = stuckAfter_ms(one.expected_ms, size, watchdogOf(device, deps.watchdog));
    const answer = await device?.run(one.slot, ticket.task(task), patience_ms);
    ticket.out -= 1;
    // What `stop` ended is nobody's death; the next start puts it back in the queue.
    if (stopped && answer?.answer === undefined) return;
    tell(ticket, one, begun_ms, answer);
    if (answer?.answer === undefined) {
      const how = answer === undefined ? 'innocent' : answer.why;
      // It may have left its outputs before it went.
      if (task.type === 'items' && by !== undefined) ticket.computed(by);
      apply(balance.lost(one.chunkId, how, answer?.detail ?? '', now()));
    } else if (ofServer(answer.answer) && ticket.serverFailures < SERVER_FAILURES_MAX) {
      ticket.serverFailures += 1;
      judge(device, one, answer.answer, now() - begun_ms);
      apply(balance.lost(one.chunkId, 'innocent', answer.answer.detail, now()));
    } else {
      if (answer.answer.how === 'items' && by !== undefined) ticket.computed(by);
      judge(device, one, answer.answer, now() - begun_ms);
      apply(balance.answered(one.chunkId, answer.answer, now()));
    }
    release(ticket);
    poke();
  }

  /** The session says so for ever: the release is to be opened anew. */
  function modelChanged(device: Device | undefined, { slot, job, device: name }: Run, reason: string): void {
    deps.log.event('remote-model-changed', {
      ...{ device: name, release: job.release.name, version: job.release.version, reason },
    });
    device?.renew(slot);
  }

  function judge(
    device: Device | undefined,
    one: Run,
    answer: (RunAnswer & { answer: object })['answer'],
    took_ms: number,
  ): void {
    if ('code' in answer) {
      // What a program sends may be what no device can compute: see `blame`.
      const ours = one.task.type !== 'tensors' && blamed.has(answer.code);
      if (ours || ofServer(answer)) device?.blame(answer.code);
      if (answer.code === 'remote-model-changed') modelChanged(device, one, answer.detail);
      return;
    }
    device?.praise();
    deps.tally.done(one, took_ms);
  }

  function tell(ticket: Ticket, one: Run, begun_ms: number, answered: RunAnswer | undefined): void {
    const answer = answered?.answer;
    onEvent({
      ...{ type: 'task-ended', jobId: ticket.jobId, task: one.task.type, device: one.device, items: one.items },
      release: { name: one.job.release.name, version: one.job.release.version },
      priority: one.job.priority,
      outcome: answer === undefined ? 'lost' : 'code' in answer ? 'failure' : 'success',
      ...{ ready_ms: one.ready_ms, begun_ms, ended_ms: now() },
      ...(answer?.how === 'items' && { times: answer.times }),
    });
  }

  function release(ticket: Open): void {
    if (!ticket.over || ticket.out > 0 || !tickets.delete(ticket.job.id)) return;
    ticket.released();
  }

  function track(work: Promise<void>): void {
    const tracked = work.finally(() => runs.delete(tracked));
    runs.add(tracked);
  }

  return {
    devices,
    add(ticket) {
      tickets.set(ticket.job.id, { ...ticket, out: 0, over: false, serverFailures: 0 });
      balance.add(ticket.job, now());
      // At once: a new process may take over before the next pass.
      if (ticket.job.request !== undefined && !needed.has(ticket.job.release.sha256)) tellNeeds();
      poke();
    },
    drop(jobId) {
      if (!balance.waiting().some(({ id }) => id === jobId)) return false;
      balance.drop(jobId);
      tickets.delete(jobId);
      poke();
      return true;
    },
    waiting: () => balance.waiting(),
    running: () => balance.running(),
    want(releases) {
      const before = [...wanted, ...replaced].filter(({ ref }) =>
        releases.every((one) => one.ref.sha256 !== ref.sha256),
      );
      replaced = before.filter(({ ref }) => takesNew(ref.sha256));
      wanted = releases;
      for (const device of devices) device.want(releases);
      poke();
    },
    wanted: () => wanted,
    served: () =>
      wanted.flatMap((one) => {
        const old = replaced.find(({ ref }) => ref.name === one.ref.name && takesNew(ref.sha256));
        if (old === undefined) return [one];
        if (!devices.some((device) => offers(device, one.ref.sha256, false))) return [one, old];
        return givesWay(old.ref.sha256) ? [old, one] : [one];
      }),
    keep(sha256) {
      kept.set(sha256, (kept.get(sha256) ?? 0) + 1);
      if (!needed.has(sha256)) tellNeeds();
      let over = false;
      return () => {
        if (over) return;
        over = true;
        const left = (kept.get(sha256) ?? 1) - 1;
        if (left > 0) kept.set(sha256, left);
        else kept.delete(sha256);
        poke();
      };
    },
    ready: (sha256, unattestedToo) =>
      devices.filter((device) => offers(device, sha256, unattestedToo)).map(({ spec }) => spec.name),
    unattested,
    blame: (name, code) => devices.find(({ spec }) => spec.name === name)?.blame(code),
    cannotLoad(sha256) {
      const able = devices.filter((device) => device.wants(sha256));
      const reasons = able.map((device) => device.cannotLoad(sha256));
      if (able.some((device, i) => offers(device, sha256) || (reasons[i] === undefined && device.state() !== 'failed')))
        return undefined;
      // A server can be put right at any time by people who know nothing of us: what is for it waits.
      if (able.some(({ spec }) => spec.kind === 'remote')) return undefined;
      return reasons.find((reason) => reason !== undefined && reason.tries >= LOAD_TRIES_MIN);
    },
    changed: poke,
    async stop() {
      stopped = true;
      cancelWake();
      await Promise.all(devices.map((device) => device.stop()));
      await Promise.all(runs);
    },
  };
}
