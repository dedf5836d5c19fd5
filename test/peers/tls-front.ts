import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer } from 'node:tls';

export type TlsFront = {
  readonly port: number;
  /** Ends every connection, and from now on each as soon as so many bytes of answers went through it. */
  cutAfter(bytes: number | undefined): void;
  /** Who connects from now on is passed on to another port. */
  passTo(port: number): void;
  /** Other files are shown to whoever connects from now on. */
  show(certificate: string, key: string): void;
  close(): Promise<void>;
};

/**
 * TLS in front of a server that has none, as a reverse proxy would be: passes bytes on and knows nothing of them. With
 * `clientCa` only who shows a certificate of that authority is let in.
 */
export async function startTlsFront(
  firstPort: number,
  { certificate, key, clientCa }: { readonly certificate: string; readonly key: string; readonly clientCa?: string },
): Promise<TlsFront> {
  const read = (cert: string, own: string) => ({
    cert: readFileSync(cert),
    key: readFileSync(own),
    ...(clientCa !== undefined && { ca: readFileSync(clientCa) }),
  });
  const open = new Set<Socket>();
  let bytesMax: number | undefined;
  let port = firstPort;
  const server = createServer(
    { ...read(certificate, key), requestCert: clientCa !== undefined, rejectUnauthorized: clientCa !== undefined },
    (client) => {
      const behind = connect(port, '127.0.0.1');
      let bytes = 0;
      open.add(client);
      const end = (): void => {
        open.delete(client);
        client.destroy();
        behind.destroy();
      };
      for (const socket of [client, behind]) socket.once('error', end).once('close', end);
      client.pipe(behind);
      behind.on('data', (some: Buffer) => {
        bytes += some.length;
        if (bytesMax === undefined || bytes <= bytesMax) client.write(some);
        else client.write(some.subarray(0, Math.max(0, some.length - (bytes - bytesMax))), end);
      });
    },
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    cutAfter(most) {
      bytesMax = most;
      for (const socket of open) socket.destroy();
    },
    passTo(other) {
      port = other;
    },
    show: (cert, own) => server.setSecureContext(read(cert, own)),
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
