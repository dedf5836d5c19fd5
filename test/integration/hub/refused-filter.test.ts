import { join } from 'node:path';
import { identityFiles, readHubFile } from '@collimator/provisioning/enrol/identity-files';
import { topics } from '@collimator/shared/contracts/topics';
import { connectMqtt } from '@collimator/shared/link/mqtt-client';
import { expect, test } from 'vitest';
import { enrolAppliance } from './appliance.ts';
import { makeHubFolder } from './hub-folder.ts';
import { runHub } from './running-hub.ts';
import { until } from './until.ts';

test('a connection that is refused a filter says so and is not announced as whole', async () => {
  const install = await makeHubFolder();
  const hub = await runHub(install);
  const appliance = await enrolAppliance(hub, install, 'RAD-1');
  const file = (name: string) => join(appliance.folder, name);
  const reasons: (string | undefined)[] = [];
  let announced = 0;
  const connection = connectMqtt({
    url: readHubFile(appliance.folder).broker_url,
    clientId: 'RAD-1',
    ca: file(identityFiles.ca),
    certificate: file(identityFiles.certificate),
    key: file(identityFiles.key),
    reconnectMs: 60_000,
    onChange: (up, reason) => void (up ? undefined : reasons.push(reason)),
  });
  connection.onConnected(() => {
    announced += 1;
  });
  // Before the connection is there: it is subscribed with it.
  await connection.subscribe(topics.commands('RAD-2'), () => undefined);
  await until('the refusal is told', () => reasons.length > 0);
  expect(reasons[0]).toMatch(/subscri|unspecified/i);
  expect(announced).toBe(0);
  await connection.close();
  await hub.stop();
  appliance.remove();
  install.remove();
});
