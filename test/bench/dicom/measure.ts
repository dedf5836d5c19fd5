import { execFileSync } from 'node:child_process';
import { sendWithStorescu } from '../../peers/storescu.ts';
import { rounded } from '../report.ts';
import { runningChildren, treeCpu_ms, watchRss } from '../process-tree.ts';
import type { Load } from './load.ts';
import { callingAeTitle, type Server, type ServerName } from './servers.ts';
import { waitFor } from '../../demo/wait.ts';

/** One load sent once to one server. */
export type Run = {
  readonly server: ServerName;
  readonly load: string;
  readonly associations: number;
  readonly repetition: number;
  readonly images_per_s: number;
  readonly mb_per_s: number;
  /** Of the server and all of its children, for each image. */
  readonly cpu_ms_per_image: number;
  /** Highest resident memory of all its processes together while it received, MB. */
  readonly rss_mb: number;
};

export const send = (server: Server, load: Load, associations: number): Promise<void> =>
  sendWithStorescu({ port: server.port, aeTitle: server.aeTitle, callingAeTitle }, load.files, associations);

/** Sends a load and measures the server. What others left in the page cache is on the disk before it begins. */
export async function measure(server: Server, load: Load, associations: number, repetition: number): Promise<Run> {
  execFileSync('sync');
  const rss = watchRss(server.pid);
  const cpuBefore_ms = treeCpu_ms(server.pid);
  const start_ms = performance.now();
  await send(server, load, associations);
  const took_s = (performance.now() - start_ms) / 1000;
  // Forked children end a moment after their sender; until then their time could be in two places.
  if (server.name.startsWith('storescp')) {
    await waitFor(() => runningChildren(server.pid) === 0 || undefined, {
      what: 'the children of storescp to end',
      timeoutMs: 10_000,
      intervalMs: 5,
    });
  }
  const images = load.files.length;
  return {
    ...{ server: server.name, load: load.name, associations, repetition },
    images_per_s: rounded(images / took_s),
    mb_per_s: rounded(load.bytes / 1e6 / took_s),
    cpu_ms_per_image: rounded((treeCpu_ms(server.pid) - cpuBefore_ms) / images),
    rss_mb: rounded(rss.end()),
  };
}
