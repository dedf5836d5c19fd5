import type { Inferred, TaskAnswer } from '../../../infer/protocol.ts';
import type { StageWork } from '../../../infer/tasks.ts';
import type { Scheduler, Slot } from '../../schedule/scheduler.ts';
import { type Balance, createBalance, type Decision, type Run } from '../balance.ts';
import { type AttemptEnd, type BalancedJob, offeredKeys } from '../balanced-job.ts';

/** One thing that may happen; numbers choose among what there is then. */
export type Happening =
  | {
      readonly type: 'job';
      readonly release: number;
      readonly items: number;
      readonly stages: number;
      readonly request: boolean;
      /** Workers that died of it in an attempt before. */
      readonly deaths?: number;
    }
  | { readonly type: 'next' }
  | { readonly type: 'written'; readonly which: number; readonly go: boolean }
  | {
      readonly type: 'answer';
      readonly which: number;
      readonly as: 'well' | 'permanent' | 'transient' | 'memory' | 'unsound';
    }
  | { readonly type: 'lost'; readonly which: number; readonly how: 'crashed' | 'stuck' | 'innocent' }
  | { readonly type: 'drop'; readonly which: number }
  | { readonly type: 'slot'; readonly device: number; readonly release: number; readonly up: boolean }
  /** Models were exchanged: what no slot has will not come back. */
  | { readonly type: 'strand' }
  | { readonly type: 'time'; readonly ms: number };

type Known = {
  readonly job: BalancedJob;
  readonly items: number;
  readonly stages: number;
  outcome: 'ended' | 'refused' | 'dropped' | undefined;
  end: AttemptEnd | undefined;
  deaths: number;
  /** Items of the stage it is at that were done well, each once. */
  done: Set<number>;
  stage: number;
  planned: boolean;
};

const RELEASES = ['r0', 'r1'];
const DEVICES = ['d0', 'd1', 'd2'];
const CHUNK_MAX = 8;

/** A balance among devices that do what the test says, and checks of every promise at each step. */
export function createBalanceWorld(scheduler: Scheduler) {
  const balance: Balance = createBalance(scheduler);
  const jobs = new Map<string, Known>();
  const runs: Run[] = [];
  const writing: string[] = [];
  const slots = new Map<string, Slot>();
  let now_ms = 1_000;
  let [ids, generations] = [0, 0];

  const pick = <T>(from: readonly T[], which: number): T | undefined => from[which % Math.max(1, from.length)];
  const of = (id: string): Known => {
    const known = jobs.get(id);
    if (known === undefined) throw new Error(`nobody brought ${id}`);
    return known;
  };

  function take(decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      if (decision.do === 'run') began(decision.run);
      else if (decision.do === 'begin') {
        if (writing.includes(decision.job.id)) throw new Error('a job is begun twice');
        writing.push(decision.job.id);
      } else if (decision.do === 'note-death') of(decision.job.id).deaths += 1;
      else if (decision.do === 'end') ended(of(decision.job.id), decision.end);
    }
  }

  function began(run: Run): void {
    const known = of(run.job.id);
    const slot = slots.get(run.slot);
    if (known.outcome !== undefined) throw new Error('work of a job that is over');
    if (runs.some((other) => other.slot === run.slot)) throw new Error('two tasks on one slot');
    if (slot !== undefined && !slot.releases.includes(run.job.release.sha256))
      throw new Error('a slot without the release');
    if (run.job.avoid.includes(run.device)) throw new Error('a device that is to be avoided');
    const { task } = run;
    if (task.type !== 'plan' && task.type !== 'tensors' && !known.planned) throw new Error('no plan yet');
    if (task.type === 'items') {
      if (task.to - task.from > CHUNK_MAX || task.from >= task.to) throw new Error('a chunk of a wrong size');
      for (let item = task.from; item < task.to; item++)
        if (known.done.has(item)) throw new Error('an item is run again');
    }
    if (task.type === 'conclude' && known.done.size !== known.items) throw new Error('concluded before all was done');
    runs.push(run);
  }

  function ended(known: Known, end: AttemptEnd): void {
    if (known.outcome !== undefined) throw new Error('a job ends twice');
    Object.assign(known, { outcome: 'ended', end });
    if (end.how === 'inferred' && known.stage !== known.stages) throw new Error('a result without all its stages');
    if (end.how === 'poison' && known.deaths < 2) throw new Error('poison without deaths');
    if ((end.how === 'suspect') === known.job.unsoundBefore && end.how === 'suspect')
      throw new Error('suspected twice');
  }

  const work = (known: Known): StageWork => ({
    ...{ stage: known.stage, items: known.items, chunkItemsMax: CHUNK_MAX, shape: '1×1' },
  });

  function wellDone({ job, task }: Run): TaskAnswer {
    const known = of(job.id);
    if (task.type === 'tensors') return { how: 'tensors', outputs: [] };
    if (task.type === 'items') {
      if (known.outcome === undefined) for (let item = task.from; item < task.to; item++) known.done.add(item);
      return { how: 'items', times: { decode_ms: 0, preprocess_ms: 0, infer_ms: 0, result_ms: 0 } };
    }
    if (known.outcome === undefined) {
      if (task.type === 'conclude') known.stage += 1;
      known.planned = true;
      known.done = new Set();
    }
    if (known.stage === known.stages) return { how: 'next', next: { inferred: {} as Inferred } };
    return { how: 'next', next: { work: work(known) } };
  }

  const failures = {
    permanent: { how: 'permanent', code: 'series-empty', detail: '' },
    transient: { how: 'transient', code: 'inference-failed', detail: '' },
    memory: { how: 'transient', code: 'inference-out-of-memory', detail: '' },
    unsound: { how: 'permanent', code: 'inference-output-invalid', detail: '' },
  } as const satisfies Record<string, TaskAnswer>;

  function happen(event: Happening): void {
    switch (event.type) {
      case 'job':
        return bring(event);
      case 'next':
        return take(balance.next(now_ms));
      case 'written': {
        const id = pick(writing, event.which);
        if (id === undefined) return;
        writing.splice(writing.indexOf(id), 1);
        if (event.go) return take(balance.begun(id, now_ms));
        if (of(id).outcome === undefined) of(id).outcome = 'refused';
        return balance.refused(id, now_ms);
      }
      case 'answer': {
        const run = pick(runs, event.which);
        if (run === undefined) return;
        runs.splice(runs.indexOf(run), 1);
        return take(balance.answered(run.chunkId, event.as === 'well' ? wellDone(run) : failures[event.as], now_ms));
      }
      case 'lost': {
        const run = pick(runs, event.which);
        if (run === undefined) return;
        runs.splice(runs.indexOf(run), 1);
        if (event.how !== 'innocent') putSlot(run.slot, undefined);
        return take(balance.lost(run.chunkId, event.how, 'SIGKILL', now_ms));
      }
      case 'drop': {
        const job = pick(balance.waiting(), event.which);
        if (job === undefined) return;
        of(job.id).outcome = 'dropped';
        return balance.drop(job.id);
      }
      case 'slot':
        return changeSlot(event);
      case 'strand':
        return take(
          balance.strand(
            ({ release }) => [...slots.values()].some(({ releases }) => releases.includes(release.sha256)),
            now_ms,
          ),
        );
      case 'time':
        now_ms += event.ms;
    }
  }

  function bring({ release, items, stages, request, deaths = 0 }: Happening & { type: 'job' }): void {
    const sha256 = RELEASES[release % RELEASES.length] as string;
    const job: BalancedJob = {
      ...{
        id: `${++ids}/1`,
        release: { sha256, name: sha256, version: '1.0.0' },
        priority: 2,
        arrival_ms: now_ms,
        share: 1,
      },
      ...{ images: items, unattestedAllowed: false, deaths },
      ...{ unsoundBefore: items % 7 === 0, avoid: items % 7 === 0 ? ['d1'] : [] },
      ...(request && { request: { stage: 0, shape: '1' } }),
    };
    const more = { outcome: undefined, end: undefined, deaths, done: new Set<number>(), stage: 0, planned: false };
    jobs.set(job.id, { job, items, stages, ...more });
    balance.add(job, now_ms);
  }

  function putSlot(id: string, slot: Slot | undefined): void {
    if (slot === undefined) slots.delete(id);
    else slots.set(id, slot);
    balance.setSlots([...slots.values()], now_ms);
  }

  function changeSlot({ device, release, up }: Happening & { type: 'slot' }): void {
    const name = DEVICES[device % DEVICES.length] as string;
    const gone = pick([...slots.values()], device);
    if (!up && gone !== undefined) return putSlot(gone.id, undefined);
    const shas = release % 3 === 2 ? RELEASES : [RELEASES[release % 3] as string];
    const id = `${name}#${++generations}`;
    putSlot(id, { id, device: name, releases: shas.flatMap((sha256) => offeredKeys(sha256, true)) });
  }

  return {
    happen,
    jobs,
    /** From here on everything goes well: devices have all releases, and whatever runs ends. */
    settle(): void {
      for (const device of [0, 2]) changeSlot({ type: 'slot', device, release: 2, up: true });
      for (let steps = 0; steps < 20_000; steps++) {
        take(balance.next(now_ms));
        if (writing.length > 0) happen({ type: 'written', which: 0, go: true });
        else if (runs.length > 0) happen({ type: 'answer', which: 0, as: 'well' });
        else if (balance.wakeAt_ms(now_ms) !== undefined) now_ms = Math.max(now_ms + 1, balance.wakeAt_ms(now_ms) ?? 0);
        else return;
      }
      throw new Error('it does not come to an end');
    },
    left: () => ({ waiting: balance.waiting().length, running: balance.running().length }),
  };
}
