import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

/** The system's own ports begin here; on one that gives all from 1024 on, ours are among them. */
const FIRST = 10_000;
const TRIES = 1_000;

/** Ports that this process gave out already. */
const given = new Set<number>();

/** A port that was free a moment ago, for programs that cannot say which one they got. */
export const freePort = async (): Promise<number> => (await freePorts(1))[0] ?? 0;

/**
 * Ports that were free a moment ago, no two the same. None is one that the system gives to a connection or to a program
 * that asks for any: so it is still free when its program starts, and when it starts again.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const end = await firstOfTheSystem();
  const ports: number[] = [];
  for (let i = 0; i < TRIES && ports.length < count; i++) {
    const port = randomInt(FIRST, end);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  if (ports.length < count) throw new Error(`no ${count} free ports from ${FIRST} to ${end - 1} in ${TRIES} tries`);
  return ports;
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Where the ports begin that Linux gives away by itself. */
async function firstOfTheSystem(): Promise<number> {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '32768');
  const first = Number.parseInt(range, 10);
  return first > FIRST + TRIES ? first : 65_536;
}
