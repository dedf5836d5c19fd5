import { describeError } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';

export type Task = { readonly name: string; readonly everyMs: number; readonly run: () => Promise<unknown> };

/** Runs each task again and again, never twice at once; a failure is logged and the next turn tries again. */
export function schedule(tasks: readonly Task[], log: Log): () => void {
  const timers = tasks.map((task) => {
    let busy = false;
    const turn = async () => {
      if (busy) return;
      busy = true;
      try {
        await task.run();
      } catch (error) {
        log.event('hub-task-failed', { task: task.name, reason: describeError(error) });
      } finally {
        busy = false;
      }
    };
    const timer = setInterval(() => void turn(), task.everyMs);
    timer.unref();
    return timer;
  });
  return () => timers.forEach(clearInterval);
}
