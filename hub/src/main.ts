import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openAuthority } from '@collimator/provisioning/authority/authority';
import type { HubConfig } from '@collimator/shared/contracts/hub-config';
import { CodedError, describeError, isCoded } from '@collimator/shared/errors/coded-error';
import { connectMqtt } from '@collimator/shared/link/mqtt-client';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import { lockDataDir } from '@collimator/shared/sqlite/data-dir-lock';
import { signingKeyFromPem } from '@collimator/shared/release/keys';
import { type AuditLog, createAuditLog } from './audit/audit-log.ts';
import { auditRoutes } from './audit/http-routes.ts';
import { assignedReleases } from './fleet/assigned-releases.ts';
import { createDevices } from './fleet/devices.ts';
import { createEnrolment } from './fleet/enrolment.ts';
import { createEventLog } from './fleet/event-log.ts';
import { openInbox } from './fleet/fleet-inbox.ts';
import { fleetRoutes } from './fleet/http-routes.ts';
import { dropOldTelemetry } from './fleet/telemetry-retention.ts';
import { createServer } from './http/server.ts';
import { brokerUrlForDevice, brokerUrlForHub } from './link/broker-address.ts';
import { type EmbeddedBroker, startEmbeddedBroker } from './link/embedded-broker.ts';
import { healthRoutes } from './observe/health-routes.ts';
import { createMetrics } from './observe/metrics.ts';
import { schedule } from './observe/schedule.ts';
import { auditedRollouts, auditedTrust } from './audit/release-audit.ts';
import { releaseRoutes } from './release/http-routes.ts';
import { createRegistry } from './release/registry/registry.ts';
import { createChunkServer } from './release/rollout/chunk-server.ts';
import { createFleetTimestamp, fleetTimestampEveryMs } from './release/rollout/fleet-timestamp.ts';
import { createRollouts } from './release/rollout/rollouts.ts';
import { openTrust } from './release/sign/trust.ts';
import { openHubStore } from './store/open-hub-store.ts';
import { runRoutes } from './training/runs/http-routes.ts';
import { createRunner } from './training/runs/runner.ts';
import { launchLocal } from './training/train/launchers/local.ts';

export type HubDeps = {
  readonly log: Log;
  readonly version: string;
  readonly checkpoint: Checkpoint;
  readonly now?: () => Date;
  readonly random?: (bytes: number) => Uint8Array;
  readonly launch?: typeof launchLocal;
};

export interface Hub {
  readonly httpPort: number;
  /** Port of the embedded broker; undefined when the broker is another program. */
  readonly mqttPort: number | undefined;
  stop(): Promise<void>;
}

const hourMs = 3_600_000;

/** The hub's own broker certificate lives in memory, from one start to the next. */
const ownCertificateDays = 825;

/** Builds the whole hub and starts it. What was opened is closed again when a later part cannot be started. */
export async function startHub(config: HubConfig, deps: HubDeps): Promise<Hub> {
  const { log, version, checkpoint } = deps;
  const now = deps.now ?? (() => new Date());
  const random = deps.random ?? randomBytes;
  const closers: (() => Promise<unknown> | void)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await build();
  } catch (error) {
    await stop();
    throw error;
  }

  async function build(): Promise<Hub> {
    const tls = { certificate: text(config.http.tls.certificate), key: text(config.http.tls.key) };
    const authority = await openAuthority(config.authority, now);
    const lock = lockDataDir(config.data);
    closers.push(() => lock.release());
    const store = await openHubStore(config.data);
    closers.push(() => store.close());
    const metrics = createMetrics(version);
    const audit = createAuditLog({ store, now });
    reportBrokenAudit(audit, log);

    const devices = createDevices({ store, now });
    let broker: EmbeddedBroker | undefined;
    if (config.broker.kind === 'embedded') {
      await devices.forgetConnections();
      broker = await startEmbeddedBroker(
        { ...config.broker, ...tls, ca: [authority.rootPem, authority.issuingPem] },
        { admits: (peer) => devices.admits(peer), log, onDropped: (reason) => metrics.clientDropped(reason) },
      );
      const started = broker;
      closers.push(() => started.close());
    }
    const brokerPort = broker?.port ?? 0;
    const identity = await authority.issueHubClientCertificate(ownCertificateDays);
    const mqtt = connectMqtt({
      url: brokerUrlForHub(config.broker, brokerPort),
      clientId: 'hub',
      ca: authority.rootPem,
      certificate: identity.certificatePem,
      key: identity.keyPem,
      onChange: (connected, reason) =>
        log.event('hub-link-changed', { connected, ...(reason !== undefined && { reason }) }),
    });
    closers.push(() => mqtt.close());

    const registry = createRegistry({ store, dir: config.data, log, now });
    const trust = auditedTrust(
      await openTrust({
        dir: config.trust.repository,
        objects: registry.objects,
        registered: (name, release) => {
          const found = registry.get(name, release);
          return found && { sha256: found.ref.sha256, length: found.length };
        },
        snapshotKey: signingKeyOf(config.trust.snapshot_key),
        timestampKey: signingKeyOf(config.trust.timestamp_key),
        now,
        log,
      }),
      { audit, checkpoint },
    );
    const rollouts = auditedRollouts(
      createRollouts({
        store,
        registry,
        trust,
        directorKey: signingKeyOf(config.trust.director_key),
        knownDevice: (id) => devices.get(id)?.retiredAt === null,
        mqtt,
        now,
        log,
      }),
      { audit, checkpoint },
    );
    const timestamp = createFleetTimestamp({ trust, mqtt, log });
    const chunks = createChunkServer({
      mqtt,
      readRange: (sha256, offset, length) => registry.readRange(sha256, offset, length),
      trust,
      now,
      log,
    });
    const events = createEventLog({
      store,
      devices,
      now,
      follow: (event) => rollouts.recordEvent(event),
      checkpoint,
    });
    const disconnect = (device: string, reason: string) => void broker?.disconnect(device, reason);
    const enrolment = createEnrolment({
      store,
      audit,
      devices,
      authority,
      certificateDays: config.authority.device_certificate_days,
      brokerUrl: (reachedAs) => brokerUrlForDevice(config.broker, brokerPort, reachedAs),
      trustedRoot: () => trust.rootBytes(trust.rootVersion) ?? Buffer.alloc(0),
      disconnect,
      log,
      now,
      random,
    });
    const runner = createRunner({
      store,
      audit,
      folder: join(config.data, 'runs'),
      datasets: config.datasets,
      launchers: config.training.launchers,
      launch: deps.launch ?? launchLocal,
      register: (folder) => registry.register(folder),
      isRegistered: (name, release) => registry.get(name, release) !== undefined,
      codeVersion: version,
      onFinished: (outcome) => metrics.runFinished(outcome),
      log,
      now,
      checkpoint,
    });
    metrics.observe({
      devicesRegistered: () => devices.count().registered,
      devicesOnline: () => devices.count().online,
      brokerClients: () => broker?.clients() ?? 0,
      linkConnected: () => mqtt.connected,
      runsWaiting: () => runner.counts().waiting,
      runsRunning: () => runner.counts().running,
    });

    const operatorToken = text(config.operators.token_file).trim();
    const app = await createServer({
      tls,
      operatorToken,
      version,
      log,
      onRequest: (...request) => metrics.request(...request),
    });
    closers.push(() => app.close());
    await app.register(
      fleetRoutes({ devices, enrolment, events, audit, assigned: assignedReleases(store), disconnect, log, now }),
    );
    await app.register(releaseRoutes({ registry, trust, rollouts }));
    await app.register(runRoutes(runner));
    await app.register(auditRoutes(audit));
    await app.register(healthRoutes(metrics, { broker: () => mqtt.connected }));

    await openInbox({
      mqtt,
      devices,
      events,
      log,
      onMessage: (kind, taken) => metrics.fleetMessage(kind, taken),
    });
    await chunks.start();
    closers.push(() => chunks.stop());
    // The newest metadata first: assignments need it.
    await timestamp.refresh();
    timestamp.start();
    closers.push(() => timestamp.stop());
    rollouts.start();
    closers.push(() => rollouts.stop());
    closers.push(
      schedule(
        [
          { name: 'timestamp', everyMs: fleetTimestampEveryMs, run: () => timestamp.refresh() },
          { name: 'assignments', everyMs: hourMs, run: () => rollouts.renew() },
          {
            name: 'telemetry retention',
            everyMs: hourMs,
            run: () => dropOldTelemetry(store, config.telemetry.keep_raw_hours, now()),
          },
        ],
        log,
      ),
    );
    await runner.start();
    closers.push(() => runner.stop());
    await app.listen({ host: config.http.host, port: config.http.port });
    return { httpPort: (app.server.address() as AddressInfo).port, mqttPort: broker?.port, stop };
  }
}

function reportBrokenAudit(audit: AuditLog, log: Log): void {
  try {
    audit.verify();
  } catch (error) {
    // A hub that stands still protects nobody: it says so and goes on.
    if (!isCoded(error, 'audit-broken')) throw error;
    log.event('audit-log-broken', { record: error.detail });
  }
}

const signingKeyOf = (file: string) => signingKeyFromPem(text(file), file);

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CodedError('config-unreadable', `${file} (${describeError(cause)})`, { cause });
  }
}
