import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler reads the body itself, after it knows who sends it, and bounds how long it may take. */
    readonly ownBody?: true;
  }
}

/** Where those routes lie. */
const prefixes = ['/dicom-web/', '/v2/models/'];
const readsOwnBody = ({ method, url = '' }: IncomingMessage): boolean =>
  method === 'POST' && prefixes.some((prefix) => url.startsWith(prefix));

export type OwnBodyDeps = {
  /** What a handler threw; its connection is closed. */
  readonly onFault: (error: unknown) => void;
  /** Called when the server closes and nothing is under way any more. */
  readonly onClosed?: () => Promise<void>;
};
type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Makes the routes of a plugin read their bodies and write their answers themselves. When the server closes, what is
 * under way is cut off, and waited for, before that closes which is behind the routes.
 *
 * @returns what a route's handler is to call
 */
export function readOwnBodies(
  app: FastifyInstance,
  { onFault, onClosed }: OwnBodyDeps,
): (request: FastifyRequest, reply: FastifyReply, handle: Handle) => Promise<void> {
  const underWay = new Map<IncomingMessage, Promise<void>>();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, next) => next(null));
  leaveContinueToRoutes(app.server);
  app.addHook('onClose', async () => {
    for (const request of underWay.keys()) request.destroy();
    await Promise.all(underWay.values());
    await onClosed?.();
  });
  return async ({ raw: request }, reply, handle) => {
    reply.hijack();
    const run = handle(request, reply.raw).catch((error: unknown) => {
      onFault(error);
      reply.raw.destroy();
    });
    underWay.set(request, run);
    await run;
    underWay.delete(request);
  };
}

/** Node would say 100 Continue to everybody; those routes say it to who gets in (RFC 9110 §10.1.1). */
function leaveContinueToRoutes(server: Server | TlsServer): void {
  // Once for all plugins.
  if (server.listenerCount('checkContinue') > 0) return;
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (!readsOwnBody(request)) response.writeContinue();
    server.emit('request', request, response);
  });
}

/** Tells a client that waits for it to go on. */
export function sayContinue(request: IncomingMessage, response: ServerResponse): void {
  if (/^100-continue$/i.test(request.headers.expect ?? '')) response.writeContinue();
}
