import type { RunRequest, RunSummary } from '@collimator/shared/contracts/http-api';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Runner } from './runner.ts';

/** What may wait to be sent to one watcher; a slower one is let go and asks again. */
const unsentBytesMax = 1024 * 1024;
/** A waiting run says nothing for long; without a sign of life the connection would be taken for a dead one. */
const heartbeatMs = 15_000;

export const runRoutes =
  (runner: Runner) =>
  async (app: FastifyInstance): Promise<void> => {
    app.post<{ Body: RunRequest }>('/v1/runs', async ({ body }, reply) =>
      reply.code(201).send(await runner.submit(body)),
    );
    app.get('/v1/runs', () => runner.list());
    app.get<{ Params: { id: string } }>('/v1/runs/:id', ({ params }) => runner.get(params.id));
    app.get<{ Params: { id: string } }>('/v1/runs/:id/events', ({ params }, reply) => {
      const now = runner.get(params.id);
      stream(reply, now, (listener) => runner.watch(params.id, listener));
      return reply;
    });
  };

const isOver = (run: RunSummary): boolean => run.state === 'succeeded' || run.state === 'failed';

/** Server-sent events: the run as it is, then after each change, and the end of the stream with the end of the run. */
function stream(
  reply: FastifyReply,
  first: RunSummary,
  watch: (listener: (run: RunSummary) => void) => () => void,
): void {
  let stop = () => undefined as void;
  const { raw } = reply;
  const send = (run: RunSummary) => {
    raw.write(`data: ${JSON.stringify(run)}\n\n`);
    if (isOver(run)) raw.end();
    else if (raw.writableLength > unsentBytesMax) raw.destroy();
  };
  if (!isOver(first)) stop = watch(send);
  reply.hijack();
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatMs);
  raw.once('close', () => {
    clearInterval(heartbeat);
    stop();
  });
  send(first);
}
