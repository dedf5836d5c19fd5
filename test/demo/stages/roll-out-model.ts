import type { RolloutSummary } from '@collimator/shared/contracts/http-api';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { checkPrograms, operator, type Stage } from '../context.ts';
import { serials } from '../layout.ts';
import { runCollimator } from '../programs.ts';
import { waitFor } from '../wait.ts';

const rollOutMsMax = 120_000;

/** Announced, fetched in chunks, verified, tested on its golden inputs and swapped in, on every appliance. */
export const rollOutModel: Stage = {
  name: 'rollout',
  title: 'Roll-out',
  async run(demo, progress) {
    const { model } = demo.report;
    if (model === null) throw new Error('nothing was trained');
    const name = `${model.name}@${model.version}`;
    const create = ['hub', 'rollouts', 'create', '--config', demo.layout.hubConfig, '--release', name];
    const created = await runCollimator([...create, '--devices', serials.join(','), '-o', 'json'], {
      signal: demo.signal,
    });
    const { id } = JSON.parse(created) as RolloutSummary;
    const done = await waitFor(
      async () => {
        const now = await operator(demo).showRollout(id);
        const active = now.devices.filter((device) => device.phase === 'active').length;
        progress.update(
          active / now.devices.length,
          now.devices.map((device) => `${device.id} ${device.phase}`).join(', '),
        );
        const refused = now.devices.find((device) => device.phase === 'refused');
        if (refused !== undefined) return now;
        return active === now.devices.length ? now : undefined;
      },
      { what: `roll-out ${id}`, timeoutMs: rollOutMsMax, check: () => checkPrograms(demo), signal: demo.signal },
    );
    const refused = done.devices.find((device) => device.phase === 'refused');
    if (refused !== undefined) {
      throw new CodedError(
        'demo-command',
        `${refused.id} refused the release: ${refused.code} ${refused.detail ?? ''}`,
      );
    }
    demo.report.devices = done.devices.map((device) => ({ id: device.id, active_release: name }));
    return `${name} is active on ${serials.join(' and ')}`;
  },
};
