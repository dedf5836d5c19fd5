import { table } from '@collimator/shared/cli/output';
import type { AgentStatus } from '@collimator/shared/contracts/local-api';

/** The status as a person on site reads it: what is wrong first, then models, work and machine. */
export function statusReport(status: AgentStatus): string {
  const { device, hub, readiness, jobs, deliveries, instances, disk } = status;
  const facts: readonly (readonly [string, string])[] = [
    ['device', `${device.id}, agent ${device.agent_version}, up ${duration(device.uptime_s)}`],
    ['ready', readiness.ready ? 'yes' : `no: ${readiness.reasons.join('; ')}`],
    [
      'hub',
      hub.connected
        ? `connected since ${hub.since}`
        : `not connected since ${hub.since}: ${hub.reason ?? 'no reason known'}`,
    ],
    ['events for the hub', `${hub.events_pending} pending`],
    ['certificate', `valid until ${device.certificate_expires_at}`],
    [
      'DICOM node',
      `${status.dicom.ae_title} on ${status.dicom.listen.map((l) => `${l.host}:${l.port}`).join(', ')}, ${status.dicom.associations} associations`,
    ],
    [
      'instances',
      `${instances.received} received, ${instances.rejected} rejected, ${instances.quarantined} quarantined`,
    ],
    ['jobs', `${jobs.queued} queued, ${jobs.running} running, ${jobs.inferred} inferred, ${jobs.failed} failed`],
    ['results', `${deliveries.pending} pending, ${deliveries.delivered} delivered, ${deliveries.failed} failed`],
    ['studies held', `${status.studies.held}`],
    ['disk', `${gigabytes(disk.bytes_free)} GB of ${gigabytes(disk.bytes_total)} GB free`],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join('');
  const models =
    status.releases.length === 0
      ? 'No model has been assigned.\n'
      : table(status.releases, [
          { title: 'MODEL', value: (r) => r.name },
          { title: 'ACTIVE', value: (r) => r.active?.version },
          { title: 'ASSIGNED', value: (r) => r.assigned?.version },
          { title: 'PHASE', value: (r) => r.phase },
          { title: 'STALE', value: (r) => (r.stale ? 'yes' : 'no') },
          { title: 'REASON', value: (r) => r.reason },
        ]);
  const devices =
    status.devices.length === 0
      ? 'There is no device to run models on.\n'
      : table(status.devices, [
          { title: 'DEVICE', value: (d) => d.name },
          { title: 'STATE', value: (d) => d.state },
          { title: 'PROVIDER', value: (d) => d.provider || null },
          { title: 'WORKERS', value: (d) => `${d.running.length}/${d.workers} busy` },
          { title: 'RUNNING', value: (d) => d.running.map(runningText).join(', ') || null },
          { title: 'DONE', value: (d) => `${d.tasks} tasks, ${d.items} items` },
          { title: 'SPEED', value: (d) => d.speeds.map(speedText).join(', ') || null },
          { title: 'REASON', value: (d) => d.reason },
        ]);
  return `${lines}\n${devices}\n${models}`;
}

type Device = AgentStatus['devices'][number];

const runningText = ({ job, task, release }: Device['running'][number]): string =>
  job === undefined ? `request (${release})` : `job ${job} ${task} (${release})`;

const speedText = ({ release, item_ms }: Device['speeds'][number]): string =>
  `${release} ${item_ms < 10 ? item_ms.toFixed(1) : Math.round(item_ms)} ms an item`;

const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1);

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3_600)} h`;
}
