import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { DeviceSummary, EnrolRequest, TokenRequest } from '@collimator/shared/contracts/http-api';
import { CodedError, isCoded } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';
import { setImmediate } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { AuditLog } from '../audit/audit-log.ts';
import { type Device, type Devices, devicesMax, retireStatement } from './devices.ts';
import type { Enrolment } from './enrolment.ts';
import type { EventLog } from './event-log.ts';
import { deviceSummary } from './summary.ts';
import { endTokens } from './token-table.ts';

export type FleetRoutesDeps = {
  readonly devices: Devices;
  readonly enrolment: Enrolment;
  readonly events: EventLog;
  readonly audit: AuditLog;
  readonly assigned: (device: string) => readonly ReleaseRef[];
  /** Ends the live session of a device at once. */
  readonly disconnect: (device: string, reason: string) => void;
  readonly log: Log;
  readonly now: () => Date;
};

/** Devices read between two turns of the event loop. */
const pageSize = 100;

/** Attempts to enrol from one address: a token cannot be guessed, but each attempt costs a signature check. */
const enrolmentsPerMinute = 60;

/** Devices and enrolment; bodies are checked against `http/api-routes.ts` before they come here. */
export const fleetRoutes =
  (deps: FleetRoutesDeps) =>
  async (app: FastifyInstance): Promise<void> => {
    const { devices, enrolment, events, audit, now } = deps;
    const summary = (device: Device): DeviceSummary =>
      deviceSummary(device, { assigned: deps.assigned(device.id), lastEvent: events.latest(device) }, now());

    app.post<{ Body: TokenRequest }>('/v1/tokens', async ({ body }, reply) =>
      reply.code(201).send(await enrolment.createToken(body)),
    );
    app.post<{ Body: EnrolRequest }>(
      '/v1/enrol',
      { config: { public: true, rateLimit: { max: enrolmentsPerMinute, timeWindow: 60_000 } } },
      async ({ body, hostname }, reply) => reply.code(201).send(await enrolment.enrol(body, hostname)),
    );
    app.get('/v1/devices', async () => {
      const all: DeviceSummary[] = [];
      for (
        let page = devices.page('', pageSize);
        page.length > 0;
        page = devices.page(page.at(-1)?.id ?? '', pageSize)
      ) {
        all.push(...page.map(summary));
        if (all.length >= devicesMax) break;
        // A whole fleet at once would hold up the broker, which runs on this thread as well.
        await setImmediate();
      }
      return all;
    });
    app.get<{ Params: { id: string } }>('/v1/devices/:id', ({ params }) => summary(devices.require(params.id)));
    app.post<{ Params: { id: string } }>('/v1/devices/:id/retire', async ({ params: { id } }) => {
      devices.require(id);
      try {
        await audit.record({ actor: 'operator', action: 'device-retired', subject: id, detail: {} }, [
          retireStatement(id, now().toISOString()),
          endTokens(id),
        ]);
      } catch (error) {
        throw isCoded(error, 'store-conflict') ? new CodedError('device-retired', id) : error;
      }
      deps.disconnect(id, 'retired');
      deps.log.event('device-retired', { device: id });
      return summary(devices.require(id));
    });
  };
