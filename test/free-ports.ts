import { type AddressInfo, createServer } from 'node:net';

/** A port that was free a moment ago, for programs that cannot say which one they got. */
export const freePort = async (): Promise<number> => (await freePorts(1))[0] ?? 0;

/** Ports that were free a moment ago; all are held at once, so that no two are the same. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((found, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => found((server.address() as AddressInfo).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
