import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { checkPrograms, type Demo, firstAppliance, operator, type Stage } from '../context.ts';
import { waitFor } from '../wait.ts';

const telemetryMsMax = 60_000;

/** What the appliance did arrives at the hub over MQTT; both programs tell Prometheus. */
export const seeTelemetry: Stage = {
  name: 'telemetry',
  title: 'The hub sees it',
  async run(demo, progress) {
    const { serial, localApi } = firstAppliance(demo);
    const device = await waitFor(
      async () => {
        const now = await operator(demo).showDevice(serial);
        progress.update(undefined, `${serial} ${now.status}, ${now.jobs['inferred'] ?? 0} studies inferred`);
        return (now.jobs['inferred'] ?? 0) > 0 ? now : undefined;
      },
      {
        what: `telemetry of ${serial}`,
        timeoutMs: telemetryMsMax,
        check: () => checkPrograms(demo),
        signal: demo.signal,
      },
    );
    const scraped = await (await fetch(`http://127.0.0.1:${localApi}/metrics`)).text();
    const ofHub = await scrapeHub(demo);
    for (const [program, text] of [
      [serial, scraped],
      ['the hub', ofHub],
    ] as const) {
      if (!text.includes('\ncollimator_')) throw new CodedError('demo-wrong-result', `no metrics of ${program}`);
    }
    demo.report.devices = (await operator(demo).listDevices()).map((each) => ({
      id: each.id,
      active_release: each.active[0] === undefined ? null : `${each.active[0].name}@${each.active[0].version}`,
    }));
    return `${serial}: ${device.status}, ${device.jobs['inferred']} study inferred`;
  },
};

/** The hub's metrics, as Prometheus reads them: over TLS that is checked against the fleet's root. */
function scrapeHub(demo: Demo): Promise<string> {
  const ca = readFileSync(join(demo.layout.authority, 'root-ca.crt'));
  return new Promise((resolve, reject) => {
    get(`https://127.0.0.1:${demo.ports.hubHttp}/metrics`, { ca }, (answer) => resolve(text(answer))).once(
      'error',
      reject,
    );
  });
}
