import type { Log } from '@collimator/shared/observe/log';
import { type After, systemAfter } from '../../timers.ts';
import { type ChildEnd, type Command, keepLineChild } from '../line-child.ts';
import { parseXid, type Xid } from './xid-parser.ts';

/** Errors of one GPU and code since the start. */
export type XidCount = Xid & { readonly count: number };

export interface XidWatch {
  /** Whether the kernel log is read now: without it nothing is known of errors. */
  reading(): boolean;
  counts(): readonly XidCount[];
  /** The code of the latest error of a GPU. */
  latest(pci: string): number | undefined;
  stop(): void;
}

export type XidWatchOptions = {
  readonly log: Log;
  readonly commands?: readonly Command[];
  readonly restart_s?: number;
  readonly after?: After;
};

/**
 * nvidia-smi does not tell Xid errors; the driver writes them to the kernel log. The journal lets the members of `adm` and
 * `systemd-journal` read it; `dmesg` is for where there is no journal, and needs CAP_SYSLOG or `dmesg_restrict` off.
 */
const commandsDefault: readonly Command[] = [
  { program: 'journalctl', args: ['--dmesg', '--follow', '--lines=0', '--output=cat', '--no-pager'] },
  { program: 'dmesg', args: ['--follow-new', '--color=never', '--notime'] },
];

const RESTART_S_DEFAULT = 60;
const RESTART_S_MOST = 3_600;
/** Pairs of GPU and code that are counted; the driver knows fewer than 200 codes. */
const PAIRS_MAX = 256;
/** What journalctl writes on its error stream where it may not read what it was asked for. */
const mayNotRead = /insufficient permissions|not seeing messages|No journal files were (?:found|opened)/i;

/** Follows the kernel log through a child and counts the errors of GPUs. Where it may not be read, the log says so once. */
export function watchXids(options: XidWatchOptions): XidWatch {
  const commands = options.commands ?? commandsDefault;
  const counts = new Map<string, XidCount>();
  const latest = new Map<string, number>();
  let candidate = 0;
  let refused = false;
  let told = false;
  let reading = true;

  function onLine(line: string, from: 'stdout' | 'stderr'): void {
    if (from === 'stderr') {
      if (mayNotRead.test(line)) refuse();
      return;
    }
    const xid = parseXid(line);
    if (xid === undefined) return;
    child.works();
    const key = `${xid.pci} ${xid.code}`;
    const count = counts.get(key)?.count ?? 0;
    if (count === 0 && counts.size >= PAIRS_MAX) return;
    counts.set(key, { ...xid, count: count + 1 });
    latest.set(xid.pci, xid.code);
    options.log.event('gpu-xid', xid);
  }

  /** It goes on without telling anything; the next one may do better. */
  function refuse(): void {
    refused = true;
    reading = false;
    child.restart();
  }

  function onEnd({ reason }: ChildEnd): 'again' | 'at-once' {
    reading = false;
    candidate = (candidate + 1) % commands.length;
    const why = refused ? 'it may not be read' : reason;
    refused = false;
    if (candidate > 0) return 'at-once';
    if (!told) options.log.event('kernel-log-unreadable', { reason: why });
    told = true;
    return 'again';
  }

  const child = keepLineChild({
    command() {
      reading = true;
      return commands[candidate] ?? { program: 'dmesg', args: [] };
    },
    ...{ onLine, onEnd },
    first_ms: (options.restart_s ?? RESTART_S_DEFAULT) * 1000,
    most_ms: RESTART_S_MOST * 1000,
    after: options.after ?? systemAfter,
  });
  return {
    reading: () => reading,
    counts: () => [...counts.values()],
    latest: (pci) => latest.get(pci),
    stop: () => child.stop(),
  };
}
