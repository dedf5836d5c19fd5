import type { Priority } from '../queue/schedule/scheduler.ts';
import type { TaskTimes, WorkerTask } from './tasks.ts';

/** What the engine tells of its work, for metrics and traces; no event names a patient, a UID or a file. */
export type EngineEvent =
  /** A worker has been given a task; exactly one `task-ended` follows. */
  | { readonly type: 'task-begun'; readonly device: string }
  /** A worker has ended a task. */
  | {
      readonly type: 'task-ended';
      /** Undefined for a request of another program. */
      readonly jobId: number | undefined;
      readonly task: WorkerTask['type'];
      readonly device: string;
      readonly release: { readonly name: string; readonly version: string };
      readonly priority: Priority;
      readonly outcome: 'success' | 'failure' | 'lost';
      readonly items: number;
      /** From when it was ready to be run until a worker began with it, and from there to its end; milliseconds since 1970. */
      readonly ready_ms: number;
      readonly begun_ms: number;
      readonly ended_ms: number;
      readonly times?: TaskTimes;
    }
  | {
      readonly type: 'job-ended';
      readonly jobId: number;
      readonly release: { readonly name: string; readonly version: string };
      readonly priority: Priority;
      readonly outcome: 'inferred' | 'failed' | 'superseded';
      readonly queued_ms: number;
      readonly begun_ms: number;
      readonly ended_ms: number;
    }
  | {
      readonly type: 'worker-ended';
      readonly device: string;
      readonly why: 'crashed' | 'stuck' | 'swapped' | 'stopped';
    }
  | {
      readonly type: 'batch-lowered';
      readonly device: string;
      readonly release: { readonly name: string; readonly version: string };
      readonly items: number;
    }
  | {
      readonly type: 'device-state';
      readonly device: string;
      readonly state: 'starting' | 'ready' | 'draining' | 'failed';
    };

export type OnEngineEvent = (event: EngineEvent) => void;
