import type { FastifyInstance } from 'fastify';
import type { Metrics } from './metrics.ts';

/** Each named condition for being ready; all must hold. */
export type Conditions = Readonly<Record<string, () => boolean>>;

/** `/livez`, `/readyz` and `/metrics`: open to whoever reaches the port, so they tell nothing about a device. */
export const healthRoutes =
  (metrics: Metrics, conditions: Conditions) =>
  async (app: FastifyInstance): Promise<void> => {
    const hide = { schema: { hide: true } };
    app.get('/livez', hide, () => ({ ok: true }));
    app.get('/readyz', hide, (_request, reply) => {
      const checks = Object.fromEntries(Object.entries(conditions).map(([name, holds]) => [name, holds()]));
      const ok = Object.values(checks).every(Boolean);
      return reply.code(ok ? 200 : 503).send({ ok, checks });
    });
    app.get('/metrics', hide, async (_request, reply) => reply.type(metrics.contentType).send(await metrics.scrape()));
  };
