import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openOtlpExporter, type OtlpExporter } from '@collimator/edge-agent/observe/traces/otlp-exporter';
import type { StageSpan } from '@collimator/edge-agent/observe/traces/span';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OtlpReceiver, startOtlpReceiver } from '../../fakes/otlp-receiver.ts';
import { createTestAuthority } from '../agent/certificates.ts';

const span: StageSpan = {
  ...{ traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', parentSpanId: 'aaa19b7ec3c1b174' },
  ...{ name: 'deliver', kind: 'client', start_ms: 1_764_299_999_123.25, end_ms: 1_764_300_000_000 },
  ...{ attributes: { 'collimator.job.id': 3, 'collimator.destination.name': 'pacs' }, error: 'delivery-refused' },
};

describe('a collector of traces', () => {
  let folder: string;
  let collector: OtlpReceiver | undefined;
  let exporter: OtlpExporter | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'collector-'));
  });
  afterEach(async () => {
    await exporter?.stop();
    await collector?.close();
    rmSync(folder, { recursive: true });
  });
  const open = async (config: object = {}) => {
    exporter = await openOtlpExporter(
      { endpoint: collector?.endpoint ?? '', sample_ratio: 1, ...config },
      { serial: 'RAD-1', agentVersion: '1.0.0' },
    );
    return exporter;
  };

  it('gets a span as it is, over TLS by the authority that the configuration names', async () => {
    const { ca, server } = createTestAuthority(folder);
    collector = await startOtlpReceiver({
      cert: readFileSync(server.certificate, 'utf8'),
      key: readFileSync(server.key, 'utf8'),
    });
    expect(await (await open({ ca })).send([span])).toEqual({});
    expect(collector.spans()).toEqual([
      {
        ...{ traceId: span.traceId, spanId: span.spanId, parentSpanId: span.parentSpanId, name: 'deliver' },
        // SPAN_KIND_CLIENT
        ...{ kind: 3, start: 1_764_299_999_123_250_000n, end: 1_764_300_000_000_000_000n, failed: true },
        attributes: { ...span.attributes, 'error.type': 'delivery-refused' },
        resource: {
          ...{ 'service.name': 'collimator-agent', 'service.version': '1.0.0', 'service.instance.id': 'RAD-1' },
        },
      },
    ]);
  });

  it('that nobody vouches for gets nothing', async () => {
    const { server } = createTestAuthority(folder);
    collector = await startOtlpReceiver({
      cert: readFileSync(server.certificate, 'utf8'),
      key: readFileSync(server.key, 'utf8'),
    });
    expect(await (await open()).send([span])).toEqual({ failed: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    expect(collector.headers()).toEqual([]);
  });

  it('is not told of what cannot be written down, and nothing else happens', async () => {
    collector = await startOtlpReceiver();
    const { send } = await open();
    expect(await send([{ ...span, start_ms: Number.NaN }])).toEqual({ failed: 'RangeError' });
    expect(await send([span])).toEqual({});
  });

  it('that refuses is told of by its status, without its words', async () => {
    collector = await startOtlpReceiver();
    collector.answer(401);
    expect(await (await open()).send([span])).toEqual({ failed: 'HTTP 401' });
  });

  it('is shown the headers of a file as they are now; a file that holds none ends the start', async () => {
    collector = await startOtlpReceiver();
    const file = join(folder, 'headers');
    writeFileSync(file, 'Authorization: Bearer first-token-of-ours\n', { mode: 0o600 });
    const { send } = await open({ headers_file: file });
    await send([span]);
    writeFileSync(file, 'Authorization: Bearer second-token-of-ours\n');
    await send([span]);
    expect(collector.headers().map(({ authorization }) => authorization)).toEqual([
      'Bearer first-token-of-ours',
      'Bearer second-token-of-ours',
    ]);
    writeFileSync(file, 'a token of more than twenty characters');
    await expect(open({ headers_file: file })).rejects.toMatchObject({ code: 'config-invalid' });
  });
});
