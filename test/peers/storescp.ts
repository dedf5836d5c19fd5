import { mkdirSync } from 'node:fs';
import { freePort } from '../free-ports.ts';
import { type ListeningProgram, startListening } from './listening-program.ts';

/**
 * How storescp is started. `defaults`: as it comes, so with Nagle's delay, which costs each image up to 40 ms.
 * `no-delay`: the same with TCP_NODELAY=1 in its environment. `best`: that, bits as sent, and 128 KiB PDUs.
 */
export type StorescpSettings = 'defaults' | 'no-delay' | 'best';

/** `storescp --fork` into a folder; it makes nothing durable. */
export async function startStorescp(folder: string, how: StorescpSettings): Promise<ListeningProgram> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const args = ['--fork', ...(how === 'best' ? ['+B', '--max-pdu', '131072'] : []), '-od', folder, String(port)];
  return startListening('storescp', args, port, how === 'defaults' ? {} : { TCP_NODELAY: '1' });
}
