import type { Log } from '@collimator/shared/observe/log';
import { codeOf, placeOf } from './code-of.ts';

/**
 * Waits for a part to stop, at most `bound_ms`. A part that takes longer or fails is named in the log and left: all
 * that matters is on the disk, and the next start takes it up.
 */
export async function within(part: string, bound_ms: number, stop: Promise<unknown>, log: Log): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), bound_ms);
  });
  try {
    const outcome = await Promise.race([stop.then(() => 'stopped' as const), bound]);
    if (outcome === 'late') log.event('drain-timed-out', { part, bound_s: Math.round(bound_ms) / 1000 });
  } catch (error) {
    log.event('stop-failed', { part, code: codeOf(error), place: placeOf(error) });
  } finally {
    clearTimeout(timer);
  }
}
