import { topics } from '@collimator/shared/contracts/topics';
import { expect, test } from 'vitest';
import { connected, enrolAppliance, openSession, state } from './appliance.ts';
import { makeHubFolder } from './hub-folder.ts';
import { startHubProgram } from './hub-program.ts';
import { shortRun } from './short-run.ts';
import { until } from './until.ts';

test('SIGTERM ends a hub at work within its bound: live sessions, a training and somebody who watches it', async () => {
  const install = await makeHubFolder();
  const hub = await startHubProgram(install);
  const appliance = await enrolAppliance(hub, install, 'RAD-1');
  const session = await connected(openSession(appliance));
  await session.publishAsync(topics.state('RAD-1'), JSON.stringify(state('RAD-1')), { qos: 1, retain: true });
  const { id } = await hub.operator.startRun(shortRun('1.0.0', 1_000));
  let seen = 0;
  const watching = (async () => {
    for await (const run of hub.operator.followRun(id)) seen = Math.max(seen, run.step);
  })().catch((error: unknown) => error);
  await until('it trains and is watched', () => seen >= 1, 60_000);

  hub.process.kill('SIGTERM');
  // The bound of the program itself is 15 s, and ending by it gives exit code 1.
  expect(await hub.ended).toBe(0);
  await until('the appliance noticed', () => !session.connected);
  await watching;

  const again = await startHubProgram(install);
  expect(again.log()).toContain('run-started-over');
  await again.end('SIGTERM');
  await again.ended;
  session.end(true);
  appliance.remove();
  install.remove();
});
