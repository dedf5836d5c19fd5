import { mkdirSync } from 'node:fs';
import { freePort } from '../free-ports.ts';
import { type ListeningProgram, startListening } from './listening-program.ts';

/** `storescp --fork` into a folder; it makes nothing durable. `best`: bits as sent and 128 KiB PDUs. Without Nagle's delay,
 * which would cost each image 40 ms and say nothing of the program. */
export async function startStorescp(folder: string, how: 'defaults' | 'best'): Promise<ListeningProgram> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const best = how === 'best';
  const args = ['--fork', ...(best ? ['+B', '--max-pdu', '131072'] : []), '-od', folder, String(port)];
  return startListening('storescp', args, port, { TCP_NODELAY: '1' });
}
