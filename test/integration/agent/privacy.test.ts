import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { studyList } from '@collimator/shared/contracts/local-api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Appliance, applianceTitle, createAppliance, senderTitle } from './appliance.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../fakes/otlp-receiver.ts';
import { createTestAuthority } from './certificates.ts';
import { freePort } from '../../free-ports.ts';
import { marks, writeMarkedStudy } from './marked-study.ts';
import { storescu } from './storescu.ts';
import { until } from './until.ts';

/** `name{label="value",…} number`, or a comment. https://prometheus.io/docs/instrumenting/exposition_formats/ */
// Go reads the words in any case (strconv.ParseFloat), and a histogram without a sample has no mean.
const sampleLine =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_]\w*="([^"\\]|\\.)*",?)*\})? (-?[0-9.e+-]+|[Nn]a[Nn]|[+-]?Inf)$/;

describe('what an appliance says of a study', () => {
  let folder: string;
  let appliance: Appliance;
  let collector: OtlpReceiver;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'agent-'));
    const authority = createTestAuthority(folder);
    collector = await startOtlpReceiver();
    const brokerUrl = `mqtts://127.0.0.1:${await freePort()}`;
    const telemetry = { traces: { endpoint: collector.endpoint } };
    appliance = await createAppliance({ folder, authority, brokerUrl, telemetry });
    await appliance.start();
  });
  afterEach(async () => {
    await appliance.stop('SIGKILL');
    await collector.close();
    rmSync(folder, { recursive: true });
  });

  it('names no patient, no order and no UID in logs, metrics, traces, status or the study list', async () => {
    const files = writeMarkedStudy(folder, 4);
    const to = { port: appliance.dicomPort, called: applianceTitle, calling: senderTitle };
    expect(await storescu(files, to)).toMatchObject({ code: 0 });
    expect(await storescu(files, to)).toMatchObject({ code: 0 });
    expect((await storescu(files, { ...to, calling: 'STRANGER' })).code).not.toBe(0);
    const text = async (path: string) => (await fetch(`${appliance.apiUrl}${path}`)).text();
    await until('the study is complete', async () => {
      const { studies } = studyList.parse(JSON.parse(await text('/v1/studies')), '/v1/studies');
      return studies[0] !== undefined && studies[0].state !== 'receiving';
    });
    await until('its trace is told', () => collector.spans().some(({ name }) => name === 'study'));
    expect(
      collector
        .spans()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['assemble', 'receive', 'study']);
    const metrics = await text('/metrics');
    expect(metrics).toContain('collimator_instances_total{outcome="received"} ');
    expect(metrics).toContain('collimator_trace_spans_total{outcome="exported"} 3');
    const told = [
      metrics,
      ...collector.bodies(),
      await text('/v1/status'),
      await text('/v1/studies'),
      await text('/openapi.json'),
    ];
    expect(await appliance.stop('SIGTERM')).toBe(0);
    const everything = [...told, appliance.output()].join('\n');
    expect(everything).toContain('association-released');
    expect(everything).toContain('association-rejected');
    const parts = marks.name.split('^');
    const found = [...Object.values(marks), ...parts].filter((mark) =>
      everything.toLowerCase().includes(mark.toLowerCase()),
    );
    expect(found).toEqual([]);
  });

  it('gives metrics that Prometheus can read, under our names', async () => {
    const answer = await fetch(`${appliance.apiUrl}/metrics`);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const names = lines.map((line) => {
      return sampleLine.exec(line)?.[1] ?? `unreadable: ${line}`;
    });
    expect(names.filter((name) => !/^(collimator_|DCGM_FI_DEV_)/.test(name))).toEqual([]);
    for (const name of [
      'collimator_hub_connected',
      'collimator_outbox_events',
      'collimator_disk_free_bytes',
      'collimator_event_loop_delay_seconds',
      'collimator_inference_queue_jobs',
      'collimator_jobs',
      'collimator_dicom_associations_total',
    ]) {
      expect(names).toContain(name);
    }
  });

  it('describes its API and answers health questions', async () => {
    const get = async (path: string) => {
      const answer = await fetch(`${appliance.apiUrl}${path}`);
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    expect(await get('/livez')).toEqual({ status: 200, body: { live: true } });
    expect(await get('/readyz')).toEqual({ status: 200, body: { ready: true, reasons: [] } });
    expect(await get('/v2/health/live')).toEqual({ status: 200, body: { live: true } });
    expect(await get('/v2/health/ready')).toEqual({ status: 200, body: { ready: true } });
    expect(await get('/v2/models/unknown/ready')).toEqual({ status: 404, body: { name: 'unknown', ready: false } });
    expect((await get('/v1/studies?limit=0')).status).toBe(400);
    const { body } = await get('/openapi.json');
    expect(Object.keys(body['paths'] as object).sort()).toEqual([
      '/livez',
      '/metrics',
      '/readyz',
      '/v1/quarantine',
      '/v1/quarantine/{entry}',
      '/v1/quarantine/{entry}/discard',
      '/v1/quarantine/{entry}/release',
      '/v1/status',
      '/v1/studies',
      '/v1/studies/{key}',
      '/v1/studies/{key}/prioritize',
      '/v1/studies/{key}/retry',
      '/v1/studies/{key}/routing',
      '/v2/health/live',
      '/v2/health/ready',
      '/v2/models/{name}/ready',
      '/v2/models/{name}/versions/{version}/ready',
    ]);
  });
});
