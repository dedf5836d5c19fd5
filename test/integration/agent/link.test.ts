import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentStatus } from '@collimator/shared/contracts/local-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Appliance, applianceTitle, createAppliance, senderTitle } from './appliance.ts';
import { createTestAuthority, type TestAuthority } from './certificates.ts';
import { createFakeHub, type FakeHub } from './fake-hub.ts';
import { writeMarkedStudy } from './marked-study.ts';
import { createMosquitto, type Mosquitto } from './mosquitto.ts';
import { storescu } from './storescu.ts';
import { until } from './until.ts';

describe('an appliance and its hub', () => {
  let folder: string;
  let authority: TestAuthority;
  let broker: Mosquitto;
  let hub: FakeHub | undefined;
  let appliance: Appliance;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'agent-'));
    authority = createTestAuthority(folder);
    broker = await createMosquitto(folder, authority);
    appliance = await createAppliance({ folder, authority, brokerUrl: broker.url });
  });
  afterEach(async () => {
    await appliance.stop('SIGKILL');
    await hub?.close();
    hub = undefined;
    await broker.kill();
    rmSync(folder, { recursive: true });
  });

  const status = async () =>
    agentStatus.parse(await (await fetch(`${appliance.apiUrl}/v1/status`)).json(), '/v1/status');

  it('tells birth, telemetry and an orderly end', async () => {
    await broker.start();
    hub = createFakeHub(broker.url, authority);
    await appliance.start();
    await until('the birth state', () => hub?.states.at(-1)?.online === true);
    await until('telemetry', () => (hub?.telemetry.length ?? 0) > 0);
    const boot = hub.states.at(-1)?.boot;
    expect(hub.telemetry[0]).toMatchObject({ device: 'RAD-0001', boot, jobs: { queued: 0 } });
    expect(await appliance.stop('SIGTERM')).toBe(0);
    await until('the goodbye', () => hub?.states.at(-1)?.online === false);
    expect(hub.states.at(-1)?.boot).toBe(boot);
    expect(hub.invalid).toEqual([]);
  });

  it('is declared offline by its last will when it is killed, and back by a new birth', async () => {
    await broker.start();
    hub = createFakeHub(broker.url, authority);
    await appliance.start();
    await until('the birth state', () => hub?.states.at(-1)?.online === true);
    const boot = hub.states.at(-1)?.boot;
    expect(await appliance.stop('SIGKILL')).toBe('SIGKILL');
    await until('the last will', () => hub?.states.at(-1)?.online === false);
    await appliance.start();
    await until('the second birth', () => hub?.states.at(-1)?.online === true);
    expect(hub.states.at(-1)?.boot).not.toBe(boot);
  });

  it('starts and takes images with no hub, and finds the hub when it comes', async () => {
    await appliance.start();
    const files = writeMarkedStudy(folder, 3);
    const to = { port: appliance.dicomPort, called: applianceTitle, calling: senderTitle };
    expect(await storescu(files, to)).toMatchObject({ code: 0 });
    expect((await fetch(`${appliance.apiUrl}/readyz`)).status).toBe(200);
    const alone = await status();
    expect(alone.hub).toMatchObject({ connected: false });
    expect(alone.hub.reason).toMatch(/ECONNREFUSED/);
    expect(alone.instances.received).toBe(3);

    await broker.start();
    hub = createFakeHub(broker.url, authority);
    await until('the birth state', () => hub?.states.at(-1)?.online === true);
    expect((await status()).hub).toMatchObject({ connected: true });
    await until('telemetry of the images', () => hub?.telemetry.at(-1)?.instances.received === 3);
  });

  it('goes on over an outage of the broker', async () => {
    await broker.start();
    hub = createFakeHub(broker.url, authority);
    await appliance.start();
    await until('the birth state', () => hub?.states.at(-1)?.online === true);
    await broker.kill();
    await until('the outage is seen', async () => !(await status()).hub.connected);
    expect((await fetch(`${appliance.apiUrl}/readyz`)).status).toBe(200);
    const before = hub.states.length;
    await broker.start();
    await until('the birth state again', () => (hub?.states.slice(before) ?? []).some((state) => state.online));
    expect((await status()).hub).toMatchObject({ connected: true, reconnects: 1 });
  });

  it('serves studies with an expired certificate and says why the hub does not know it', async () => {
    await broker.start();
    const expired = await createAppliance({
      ...{ folder, authority, brokerUrl: broker.url, serial: 'RAD-0002' },
      certificateDays: -1,
    });
    try {
      await expired.start();
      expect(expired.events().map((line) => line.event)).toContain('link-certificate-expired');
      const answer = await (await fetch(`${expired.apiUrl}/v1/status`)).json();
      const { hub: link } = agentStatus.parse(answer, '/v1/status');
      expect(link).toMatchObject({ connected: false });
      expect(link.reason).toMatch(/outside its time of validity/);
      expect((await fetch(`${expired.apiUrl}/readyz`)).status).toBe(200);
    } finally {
      await expired.stop('SIGKILL');
    }
  });
});
