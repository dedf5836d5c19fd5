import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

type Stat = { readonly pid: number; readonly parent: number; readonly ticks: number; readonly zombie: boolean };

/** Clock ticks in a second, as /proc counts CPU time. */
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** proc(5): after the name in parentheses, state is field 3, ppid 4, utime 14, stime 15, cutime 16, cstime 17. */
function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const at = (field: number): number => Number(fields[field - 3]);
    return { pid, parent: at(4), ticks: at(14) + at(15) + at(16) + at(17), zombie: fields[0] === 'Z' };
  } catch {
    return undefined; // It ended between the listing and the reading.
  }
}

/** The process and all below it, those that ended and were not waited for included. */
function tree(root: number): Stat[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const stats = all.map((name) => statOf(Number(name))).filter((stat) => stat !== undefined);
  const found = stats.filter(({ pid }) => pid === root);
  for (const { pid } of found) found.push(...stats.filter(({ parent }) => parent === pid));
  return found;
}

/**
 * CPU time of a process and of all that it has started, ms, in user and kernel. A child that ended counts in its
 * parent's once it was waited for, and as a zombie before; so nothing is missed and nothing counted twice.
 */
export const treeCpu_ms = (root: number): number =>
  (tree(root).reduce((sum, { ticks }) => sum + ticks, 0) * 1000) / ticksPerSecond;

/** Processes below the root that still run. */
export const runningChildren = (root: number): number =>
  tree(root).filter(({ pid, zombie }) => pid !== root && !zombie).length;

/** Resident memory of the whole tree now, MB; pages that processes share count once for each. */
export const treeRss_mb = (root: number): number =>
  tree(root).reduce((sum, { pid }) => sum + statusField_mb(pid, 'VmRSS'), 0);

/** The most memory that one process ever had resident, MB (10⁶ bytes). */
export const peakRss_mb = (pid: number): number => statusField_mb(pid, 'VmHWM');

function statusField_mb(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  try {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return (Number(found?.[1] ?? 0) * 1024) / 1e6;
  } catch {
    return 0; // It ended.
  }
}

/** Looks at the tree's resident memory again and again; `end` gives the highest, MB. */
export function watchRss(root: number, every_ms = 50): { end(): number } {
  let peak = treeRss_mb(root);
  const timer = setInterval(() => {
    peak = Math.max(peak, treeRss_mb(root));
  }, every_ms);
  return {
    end() {
      clearInterval(timer);
      return Math.max(peak, treeRss_mb(root));
    },
  };
}
