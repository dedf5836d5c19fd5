import type { FastifyInstance } from 'fastify';
import type { AuditLog } from './audit-log.ts';

type Page = { readonly after?: number; readonly limit?: number };

const limitDefault = 200;

/** `GET /v1/audit?after=SEQ&limit=N`, oldest first. */
export const auditRoutes =
  (audit: AuditLog) =>
  async (app: FastifyInstance): Promise<void> => {
    app.get<{ Querystring: Page }>('/v1/audit', ({ query }) =>
      audit.list(query.after ?? 0, query.limit ?? limitDefault),
    );
  };
