import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DimseDestination } from '@collimator/shared/contracts/agent-config';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { peerOf } from './dicom-settings.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'collimator-settings-'));
  writeFileSync(join(dir, 'ca.crt'), 'a certificate');
});
afterEach(() => rmSync(dir, { recursive: true }));

const destination = (host: string): DimseDestination => ({
  ...{ name: 'pacs', kind: 'dimse', ae_title: 'PACS', host, port: 2762, tls: { ca: join(dir, 'ca.crt') } },
  association: { idle_s: 5, objects_max: 500, in_flight_max: 8 },
  timeouts: { connect_s: 10, response_s: 60 },
  retry: { first_s: 1, most_s: 300 },
});

test.each([
  ['a name is asked for by SNI', 'pacs.example.org', 'pacs.example.org'],
  ['an IPv4 address is not: RFC 6066 §3 forbids it', '192.0.2.1', undefined],
  ['nor is an IPv6 address', '2001:db8::1', undefined],
])('a destination over TLS: %s', (_case, host, servername) => {
  const { tls, ...peer } = peerOf(destination(host), 'NODE');
  expect(peer.host).toBe(host);
  expect(tls?.servername).toBe(servername);
});
