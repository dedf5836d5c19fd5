import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AssociationError } from '../association-error.ts';
import { bcp195 } from '../bcp195.ts';
import type { Clock } from '../clock.ts';
import type { OpenAssociation } from './scu-options.ts';

/** Diffie-Hellman parameters are the server's to choose. */
const { dhparam: _serverOnly, ...clientTls } = bcp195;

/** Opens the transport connection, with TLS where asked for; a socket that is too late is closed. */
export function connectTransport(options: OpenAssociation, timeout_ms: number, clock: Clock): Promise<Socket> {
  const { host, port, tls } = options;
  const where = `${options.calledAeTitle}@${host}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = tls === undefined ? connectTcp({ host, port }) : connectTls({ ...clientTls, ...tls, host, port });
    const settle = (): void => {
      cancel();
      socket.off('error', failed);
    };
    const failed = (cause: Error): void => {
      settle();
      socket.destroy();
      reject(new AssociationError('connect-failed', 'connect', `${where}: ${cause.message}`, { cause }));
    };
    const cancel = clock.after(timeout_ms, () => {
      settle();
      socket.on('error', () => socket.destroy()).destroy();
      reject(new AssociationError('timed-out', 'connect', `${where}: no connection within ${timeout_ms} ms`));
    });
    socket.on('error', failed);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      settle();
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}
