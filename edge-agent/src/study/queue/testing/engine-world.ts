import { setImmediate } from 'node:timers/promises';
import type { ActiveRelease } from '../../assemble/route/active-releases.ts';
import type { Device } from '../../infer/device.ts';
import { createDeviceTally } from '../../infer/device-tally.ts';
import { createEngine, type Engine } from '../../infer/engine.ts';
import type { OnEngineEvent } from '../../infer/engine-events.ts';
import type { RunAnswer } from '../../infer/inference-child.ts';
import type { DeviceSpec, Inferred, TaskAnswer, WorkerJob } from '../../infer/protocol.ts';
import type { WorkerTask } from '../../infer/tasks.ts';
import { createBalance } from '../balance/balance.ts';
import { offeredKeys } from '../balance/balanced-job.ts';
import { createDispatcher } from '../dispatcher.ts';
import { createCostModel } from '../schedule/cost-model.ts';
import { createScheduler } from '../schedule/create-scheduler.ts';
import type { Slot } from '../schedule/scheduler.ts';
import type { StageLoop } from '../stage-loop.ts';
import { createJobsTable } from './jobs-table.ts';

/** One thing that may happen to an appliance; numbers choose among what there is then. */
export type Story =
  | { readonly type: 'job'; readonly slices: number }
  | {
      readonly type: 'answer';
      readonly which: number;
      readonly as: 'well' | 'permanent' | 'transient' | 'memory' | 'unsound' | 'server' | 'changed';
    }
  | { readonly type: 'worker'; readonly which: number; readonly how: 'crashed' | 'stuck' }
  | { readonly type: 'supersede'; readonly which: number }
  /** Whether the models of all devices are known to be the release, from now on. */
  | { readonly type: 'attested'; readonly attested: boolean }
  /** A device has no process, until it has one again. */
  | { readonly type: 'away'; readonly which: number; readonly away: boolean }
  | { readonly type: 'power-cut' }
  | { readonly type: 'time'; readonly ms: number };

type Waiting = { readonly task: WorkerTask; readonly slot: string; readonly answer: (one: RunAnswer) => void };
type FakeDevice = Device & { crash(slot: string): void; renewed(): void; goes(away: boolean): void };
type Timer = { readonly at_ms: number; readonly run: () => void };

const release = { ref: { name: 'r', version: '1.0.0', sha256: 'sha' } } as ActiveRelease;

/** The queue, the engine and the balance of an appliance over a table that survives it, with devices that do as told. */
export function createEngineWorld() {
  const table = createJobsTable();
  const [tasks, timers] = [new Set<Waiting>(), new Set<Timer>()];
  const events: string[] = [];
  let now_ms = 1_000;
  let generation = 0;
  let attested = true;
  /** Tasks of the running appliance that were begun and have not ended, by device. */
  let tasksOpen = new Map<string, number>();
  let appliance: { readonly engine: Engine; readonly dispatcher: StageLoop } | undefined;

  const pick = <T>(from: Iterable<T>, which: number): T | undefined => {
    const all = [...from];
    return all[which % Math.max(1, all.length)];
  };

  function device(name: string, changed: () => void): FakeDevice {
    let slot: Slot = fresh();
    let isAway = false;
    function fresh(): Slot {
      return { id: `${name}#${++generation}`, device: name, releases: offeredKeys('sha', attested) };
    }
    return {
      spec: { name } as DeviceSpec,
      slots: () => (isAway ? [] : [slot]),
      has: (id) => !isAway && id === slot.id,
      run: (id, task) =>
        id === slot.id
          ? new Promise((answer) => void tasks.add({ task, slot: id, answer }))
          : Promise.resolve(undefined),
      crash(id) {
        if (id === slot.id) slot = fresh();
        changed();
      },
      goes(away) {
        isAway = away;
        slot = fresh();
        changed();
      },
      renewed() {
        slot = fresh();
        changed();
      },
      ...{
        want: () => undefined,
        need: () => undefined,
        changesFrom: () => false,
        blame: () => undefined,
        renew: () => undefined,
        praise: () => undefined,
      },
      wants: () => true,
      ...{ state: () => 'ready', reason: () => undefined, loaded: () => [], loadedOn: () => undefined },
      ...{ cannotLoad: () => undefined, stop: () => Promise.resolve() },
    };
  }

  let devices: readonly FakeDevice[] = [];

  /** What a start of the program does. */
  function begin(): void {
    const after = (delay_ms: number, run: () => void) => {
      const timer = { at_ms: now_ms + delay_ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    };
    const log = { event: (name: string) => void events.push(name) };
    const open = (tasksOpen = new Map<string, number>());
    const onEvent: OnEngineEvent = (event) => {
      if (event.type !== 'task-begun' && event.type !== 'task-ended') return;
      const count = (open.get(event.device) ?? 0) + (event.type === 'task-begun' ? 1 : -1);
      if (count < 0) throw new Error(`${event.device} has ${count} tasks`);
      open.set(event.device, count);
    };
    const shared = { now: () => now_ms, after, log, onEvent };
    devices = ['d0', 'd1', 'd2'].map((name) => device(name, () => engine.changed()));
    const balance = createBalance(createScheduler({ costs: createCostModel() }));
    const engine: Engine = createEngine({
      ...{ ...shared, balance, devices, tally: createDeviceTally(), watchdog: { factor: 5, floor_ms: 1_000 } },
    });
    const dispatcher = createDispatcher({
      ...{ ...shared, jobs: table.jobs, engine, checkpoint: () => undefined, toStore: () => [] },
      describe: ({ jobId, releaseSha256, slices }) =>
        Promise.resolve({
          jobId,
          releaseSha256,
          files: Array.from({ length: slices }, String),
        } as unknown as WorkerJob),
      refOf: ({ jobId, releaseSha256, job }) => ({ jobId, releaseSha256, workFolder: `${job.starts}` }),
      policyOf: () => ({ share: 1, unattestedAllowed: false }),
      ...{ onDiscarded: () => undefined, onEnded: () => undefined, onReleased: () => undefined },
      onPoison: () => Promise.resolve(),
    });
    appliance = { engine, dispatcher };
    engine.want([release]);
    dispatcher.start();
  }

  /** Everything in memory is gone; the table stays, without what was being written. */
  function powerCut(): void {
    table.cut();
    tasks.clear();
    timers.clear();
    begin();
  }

  function well(task: WorkerTask): TaskAnswer {
    if (task.type === 'items')
      return { how: 'items', times: { decode_ms: 0, preprocess_ms: 0, infer_ms: 0, result_ms: 0 } };
    if (task.type === 'tensors') throw new Error('no requests here');
    if (task.type === 'conclude') {
      const timings = { decode_ms: 0, infer_ms: 0, result_ms: 0, total_ms: 0 };
      const inferred = { outcome: 'measured', objects: [], maskVoxels: 0, volume_mL: 0, localizersLeftOut: 0, timings };
      return { how: 'next', next: { inferred: inferred as Inferred } };
    }
    return { how: 'next', next: { work: { stage: 0, items: task.job.files.length, chunkItemsMax: 4, shape: '1×1' } } };
  }

  const failures = {
    permanent: { how: 'permanent', code: 'series-empty', detail: '' },
    transient: { how: 'transient', code: 'inference-failed', detail: '' },
    memory: { how: 'transient', code: 'inference-out-of-memory', detail: '' },
    unsound: { how: 'permanent', code: 'inference-output-invalid', detail: '' },
    server: { how: 'transient', code: 'remote-unreachable', detail: '' },
    changed: { how: 'transient', code: 'remote-model-changed', detail: '' },
  } as const satisfies Record<string, TaskAnswer>;

  /** What ran is lost with the processes, which are new; a server says its digest when it is asked, not later. */
  function attest(value: boolean): void {
    attested = value;
    for (const one of devices) one.renewed();
    for (const waiting of tasks) {
      tasks.delete(waiting);
      waiting.answer({ answer: failures.changed, residentBytes: 0 });
    }
  }

  function away(which: number, value: boolean): void {
    const one = pick(devices, which);
    const lost = [...tasks].filter((waiting) => one?.has(waiting.slot));
    one?.goes(value);
    for (const waiting of lost) {
      tasks.delete(waiting);
      waiting.answer({ answer: undefined, why: 'crashed', detail: 'SIGKILL' });
    }
  }

  function fire(): void {
    for (const timer of timers)
      if (timer.at_ms <= now_ms) {
        timers.delete(timer);
        timer.run();
      }
  }

  async function happen(story: Story): Promise<void> {
    if (story.type === 'job') {
      table.add('sha', story.slices, now_ms);
      appliance?.dispatcher.wake();
    } else if (story.type === 'supersede') {
      table.supersede(1 + (story.which % Math.max(1, table.rows.size)));
      appliance?.dispatcher.wake();
    } else if (story.type === 'power-cut') powerCut();
    else if (story.type === 'attested') attest(story.attested);
    else if (story.type === 'away') away(story.which, story.away);
    else if (story.type === 'time') {
      now_ms += story.ms;
      fire();
    } else {
      const waiting = pick(tasks, story.which);
      if (waiting === undefined) return;
      tasks.delete(waiting);
      if (story.type === 'answer') {
        const answer = story.as === 'well' ? well(waiting.task) : failures[story.as];
        waiting.answer({ answer, residentBytes: 0 });
      } else {
        for (const one of devices) if (one.has(waiting.slot)) one.crash(waiting.slot);
        waiting.answer({ answer: undefined, why: story.how, detail: 'SIGKILL' });
      }
    }
    await setImmediate();
  }

  begin();
  return {
    ...{ table, events, happen },
    tasksOpen: (): number => [...tasksOpen.values()].reduce((sum, count) => sum + count, 0),
    /** From here on all goes well. */
    async settle(): Promise<void> {
      if (!attested) attest(true);
      for (const which of devices.keys()) if (devices[which]?.slots().length === 0) away(which, false);
      for (let steps = 0; steps < 5_000; steps++) {
        await setImmediate();
        const open = [...table.rows.values()].filter(({ job }) => job.state === 'queued' || job.state === 'running');
        if (open.length === 0 && tasks.size === 0) return;
        if (tasks.size > 0) await happen({ type: 'answer', which: 0, as: 'well' });
        else {
          const at_ms = Math.min(...[...timers].map((timer) => timer.at_ms));
          if (!Number.isFinite(at_ms)) throw new Error(`nothing runs, nothing waits, ${open.length} jobs are open`);
          now_ms = Math.max(now_ms, at_ms);
          fire();
        }
      }
      throw new Error('it does not come to an end');
    },
  };
}
