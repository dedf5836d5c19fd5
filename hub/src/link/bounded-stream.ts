import { Duplex } from 'node:stream';
import { createPacketGuard } from './packet-guard.ts';

export type StreamBounds = {
  /** Largest packet a client may send. */
  readonly packetBytesMax: number;
  /** What may wait to be sent to a client that reads slowly; more ends its session. */
  readonly unsentBytesMax: number;
};

export type DropReason = 'slow-consumer' | 'packet-too-large';

/**
 * A client's socket as the broker sees it, with the two bounds that the broker lacks.
 *
 * Outwards, the broker waits for `drain` as soon as a socket is full, and with it everybody whose message comes from
 * the same publisher: one slow appliance would hold up the fleet. Here a write never fills up; what waits is counted,
 * and a client that lets more than `unsentBytesMax` wait is dropped. It reconnects and asks again for what it lacks.
 * Inwards, a packet that declares more than `packetBytesMax` ends the session before it is collected.
 */
export function boundStream(socket: Duplex, bounds: StreamBounds, onDropped: (reason: DropReason) => void): Duplex {
  const guard = createPacketGuard(bounds.packetBytesMax);
  const stream: Duplex = new Duplex({
    allowHalfOpen: false,
    // Above the bound, so that the broker is never told to wait before the bound ends the session.
    writableHighWaterMark: bounds.unsentBytesMax * 2,
    read: () => void socket.resume(),
    write(chunk: Buffer, _encoding, done) {
      if (socket.write(chunk)) done();
      else waitForDrain(socket, done);
    },
    final: (done) => void socket.end(done),
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  const drop = (reason: DropReason) => {
    if (stream.destroyed) return;
    onDropped(reason);
    stream.destroy(new Error(reason));
  };

  // Counted where the broker writes: a `write` of the stream itself is not called again while the socket is full.
  const write = stream.write.bind(stream) as (chunk: Buffer, ...rest: unknown[]) => boolean;
  stream.write = (chunk: Buffer, ...rest: unknown[]) => {
    const taken = write(chunk, ...rest);
    if (stream.writableLength + socket.writableLength > bounds.unsentBytesMax) drop('slow-consumer');
    return taken;
  };

  socket.on('data', (chunk: Buffer) => {
    if (!guard(chunk)) drop('packet-too-large');
    else if (!stream.push(chunk)) socket.pause();
  });
  socket.once('end', () => stream.push(null));
  socket.once('error', (error) => stream.destroy(error));
  socket.once('close', () => stream.destroy());
  return stream;
}

function waitForDrain(socket: Duplex, done: (error?: Error) => void): void {
  const finish = (error?: Error) => {
    socket.off('drain', drained);
    socket.off('close', closed);
    done(error);
  };
  const drained = () => finish();
  const closed = () => finish(new Error('the connection was closed'));
  socket.once('drain', drained);
  socket.once('close', closed);
}
