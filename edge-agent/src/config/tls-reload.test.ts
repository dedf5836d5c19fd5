import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { reloadTls } from './tls-reload.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'collimator-tls-'));
  make();
});
afterEach(() => rmSync(dir, { recursive: true }));

const path = (name: string): string => join(dir, name);
function make(): void {
  const subject = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=a'];
  execFileSync('openssl', [...subject, '-keyout', path('a.key'), '-out', path('a.crt')], { stdio: 'ignore' });
}

test('renewed files are shown, broken ones are told and the old ones kept, and nothing is read while nothing changes', () => {
  const events: string[] = [];
  const shown: number[] = [];
  let look: () => void = () => undefined;
  const stop = reloadTls({
    listen: [
      { host: '::', port: 104 },
      {
        host: '::',
        port: 2762,
        tls: { certificate: path('a.crt'), key: path('a.key'), anonymous_clients: true },
      },
    ],
    scp: { setTls: (index) => void shown.push(index) },
    every(_interval_ms, run) {
      look = run;
      return () => events.push('stopped');
    },
    log: { event: (name) => void events.push(name) },
  });
  look();
  expect({ events, shown }).toEqual({ events: [], shown: [] });
  make();
  look();
  look();
  expect({ events, shown }).toEqual({ events: ['dicom-tls-reloaded'], shown: [1] });
  writeFileSync(path('a.crt'), 'half of a cert');
  look();
  look();
  expect(events).toEqual(['dicom-tls-reloaded', 'dicom-tls-not-reloaded']);
  rmSync(path('a.key'));
  look();
  make();
  utimesSync(path('a.key'), 1, 1);
  look();
  expect({ last: events.at(-1), shown }).toEqual({ last: 'dicom-tls-reloaded', shown: [1, 1] });
  stop();
  expect(events.at(-1)).toBe('stopped');
});
