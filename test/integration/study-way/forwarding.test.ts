import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startOrthanc } from '../../e2e/orthanc.ts';
import { freePorts } from '../../free-ports.ts';
import { mrSeries } from './mr-series.ts';
import { writeSlices } from './stored-slices.ts';
import { createStudyWorld, settled, type StudyWorld } from './study-world.ts';

/** Longer than Orthanc takes between two images. */
const QUIET_S = 3;

/**
 * Orthanc sends on whatever it gets, also what the appliance sent it. That it changes before, as a PACS does that
 * coerces elements, in a way that goes by the patient.
 */
const forward = `
local function change(id, patient)
  if patient == 'P-elements' then
    local changed = RestApiPost('/instances/' .. id .. '/modify', [[{
      "Replace": { "StationName": "COERCED", "InstitutionName": "Elsewhere" }, "Force": true,
      "Keep": ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"] }]], false)
    RestApiPost('/instances', changed, false)
  elseif patient == 'P-uids' then
    ModifyInstance(id, { StationName = 'COERCED' }, {}, false)
    Delete(id)
  else
    ModifyInstance(id, { StationName = 'COERCED', InstanceCreatorUID = '1.2.3.4' }, {}, false)
    Delete(id)
  end
end

function OnStoredInstance(id, tags, metadata, origin)
  if origin['RemoteAet'] == 'COLLIMATOR' and tags['PatientID'] ~= 'P-as-it-came' and tags['PatientID'] ~= 'P-later' then
    change(id, tags['PatientID'])
  else
    SendToModality(id, 'appliance')
  end
end`;
const studies = ['as-it-came', 'elements', 'uids', 'creator'];

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(() => world.close());

describe('a PACS that sends everything on, as it came or changed', () => {
  it('gets one SEG and one SR of each study, and no more', async () => {
    const [dicomPort = 0, httpPort = 0] = await freePorts(2);
    const script = join(world.folder, 'forward.lua');
    writeFileSync(script, forward);
    const orthanc = await startOrthanc({
      ...{ folder: join(world.folder, 'orthanc'), aeTitle: 'PACS', dicomPort, httpPort },
      appliance: { aeTitle: 'COLLIMATOR', port: 104 },
      settings: { LuaScripts: [script], OverwriteInstances: true },
    });
    world.endWith(() => orthanc.stop());
    const agent = await world.agentWith({ quiet_s: QUIET_S, destinations: [{ name: 'pacs', port: dicomPort }] });
    await orthanc.rest('PUT', '/modalities/appliance', { AET: 'COLLIMATOR', Host: '127.0.0.1', Port: agent.port });
    const upload = async (study: string): Promise<unknown> =>
      orthanc.upload(await writeSlices(join(world.folder, study), mrSeries({ study, slices: 5 })));
    const returned = (times: number): Promise<void> =>
      vi.waitFor(() => expect(world.counted('own-object-returned')).toBe(times));

    for (const study of studies) await upload(study);
    await returned(2 * studies.length);
    // Another study goes all the way: whatever the results had set off would have been done before it.
    await upload('later');
    await returned(2 * studies.length + 2);
    await settled(agent);

    const all = [...studies, 'later'];
    expect(agent.way.counts()).toMatchObject({
      instances: { received: 7 * all.length, rejected: 0, quarantined: 0 },
      jobs: { inferred: all.length, failed: 0 },
      deliveries: { delivered: 2 * all.length, pending: 0, failed: 0 },
    });
    expect([world.counted('study-complete'), world.counted('job-started')]).toEqual([all.length, all.length]);
    expect(agent.way.heldStudies()).toBe(0);

    const names = (await orthanc.rest('GET', '/instances')) as readonly string[];
    const held = (await Promise.all(
      names.map((name) => orthanc.rest('GET', `/instances/${name}/simplified-tags`)),
    )) as readonly Readonly<Record<string, string>>[];
    const count = (study: string, sopClass: string): number =>
      held.filter((one) => one['PatientID'] === `P-${study}` && one['SOPClassUID'] === sopClass).length;
    expect(
      all.map((study) => [count(study, sopClasses.segmentation), count(study, sopClasses.comprehensiveSr)]),
    ).toEqual(all.map(() => [1, 1]));
    // It did change what it sent on.
    const results = held.filter((one) => one['SOPClassUID'] !== sopClasses.mrImage);
    const changed = results.filter((one) => one['StationName'] === 'COERCED').map((one) => String(one['PatientID']));
    expect(changed.toSorted()).toEqual(
      ['creator', 'creator', 'elements', 'elements', 'uids', 'uids'].map((s) => `P-${s}`),
    );
  }, 120_000);
});
