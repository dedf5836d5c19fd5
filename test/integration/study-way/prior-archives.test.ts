import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startDcmqrscp } from '../../peers/dcmqrscp.ts';
import { createTestAuthority } from '../agent/certificates.ts';
import { mrSeries, send, uidsOf } from './mr-series.ts';
import {
  current,
  earlier,
  freePort,
  priorsIn,
  priorSource,
  releaseThatWants,
  seriesOf,
  startArchive,
  wanted,
} from './prior-world.ts';
import { writeSlices } from './stored-slices.ts';
import { createStudyWorld, settled, type StudyWorld } from './study-world.ts';

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(() => world.close());

const state = () => priorsIn(join(world.folder, 'data'));

describe('priors at dcmqrscp', () => {
  it('are found and fetched', async () => {
    const port = await freePort();
    const archive = await startDcmqrscp(join(world.folder, 'archive'), 'COLLIMATOR', port);
    world.endWith(() => archive.stop());
    const alike = earlier(1, { study: 'alike', birthDate: '19700102' });
    await archive.hold(await writeSlices(join(world.folder, 'held'), seriesOf(earlier(1), earlier(2), alike)));
    const releases = [await releaseThatWants(world.folder, wanted)];
    const agent = await world.agentWith({ releases, port, priors: priorSource(archive.port) });
    await send(agent.port, mrSeries(current));
    await world.arrived(2);
    await settled(agent);
    expect(state().requests).toMatchObject([{ outcome: 'found', listed: 3, differing: 1 }]);
    expect(
      state()
        .offered(1)
        .map(({ studyInstanceUid }) => studyInstanceUid),
    ).toEqual([uidsOf(earlier(1), 0).study, uidsOf(earlier(2), 0).study]);
    expect([world.counted('study-complete'), world.counted('job-started')]).toEqual([1, 1]);
  });

  it('of which an image cannot be sent are tried again, and not given to the job in part', async () => {
    const port = await freePort();
    const archive = await startDcmqrscp(join(world.folder, 'archive'), 'COLLIMATOR', port);
    world.endWith(() => archive.stop());
    const files = await writeSlices(join(world.folder, 'held'), seriesOf(earlier(1), earlier(2)));
    const [lost] = await archive.hold(files);
    await rm(lost ?? '');
    const releases = [await releaseThatWants(world.folder, wanted)];
    const agent = await world.agentWith({ releases, port, priors: priorSource(archive.port) });
    await send(agent.port, mrSeries(current));
    await world.arrived(2);
    await settled(agent);
    expect(state().requests).toMatchObject([{ outcome: 'found', reason: 'priors-source-failed' }]);
    expect(state().fetches.toSorted((a, b) => a.attempts - b.attempts)).toEqual([
      { state: 'here', attempts: 1 },
      { state: 'failed', attempts: 3 },
    ]);
    expect(
      state()
        .offered(1)
        .map(({ daysBefore }) => daysBefore),
    ).toEqual([731]);
  });
});

it('priors at a PACS that does not know where to send are not asked for twice', async () => {
  const archive = await startDcmqrscp(join(world.folder, 'archive'), 'STRANGER', await freePort());
  world.endWith(() => archive.stop());
  await archive.hold(await writeSlices(join(world.folder, 'held'), seriesOf(earlier(1))));
  const releases = [await releaseThatWants(world.folder, { ...wanted, required: true })];
  const agent = await world.agentWith({ releases, priors: priorSource(archive.port) });
  await send(agent.port, mrSeries(current));
  const [refusal] = await world.arrived(1);
  await settled(agent);
  expect(state().requests).toMatchObject([{ outcome: 'failed', reason: 'priors-destination-unknown' }]);
  expect(world.counted('prior-series-not-moved')).toBe(1);
  const report = await readFile(join(world.pacsFolder, refusal?.file ?? ''), 'latin1');
  expect(report).toContain('does not know where to send');
});

describe('priors at Orthanc over TLS', () => {
  it('are found and fetched, with certificates on both sides both ways', async () => {
    const authority = createTestAuthority(world.folder);
    const ours = authority.node('COLLIMATOR');
    const theirs = authority.node('ARCHIVE');
    const port = await freePort();
    const tlsPort = await freePort();
    const archive = await startArchive(world.folder, tlsPort, {
      ...{ DicomTlsEnabled: true, DicomTlsRemoteCertificateRequired: true },
      ...{ DicomTlsCertificate: theirs.certificate, DicomTlsPrivateKey: theirs.key },
      DicomTlsTrustedCertificates: authority.ca,
      DicomModalities: {
        appliance: { AET: 'COLLIMATOR', Host: '127.0.0.1', Port: tlsPort, UseDicomTls: true },
      },
    });
    world.endWith(() => archive.stop());
    await archive.hold(seriesOf(earlier(1)));
    const releases = [await releaseThatWants(world.folder, wanted)];
    const source = { ae_title: 'ARCHIVE', host: 'localhost', port: archive.dicomPort };
    const agent = await world.agentWith({
      ...{ releases, port },
      tls: { port: tlsPort, ...ours, ca: authority.ca },
      priors: { source: { ...source, tls: { ca: authority.ca, ...ours } }, retry: { first_s: 0.2, most_s: 1 } },
    });
    await send(agent.port, mrSeries(current));
    await vi.waitFor(() => expect(world.counted('priors-settled')).toBe(1));
    expect(world.events.filter(({ name }) => name.startsWith('prior-series-not'))).toEqual([]);
    expect(state().requests).toMatchObject([{ outcome: 'found', listed: 1 }]);
    expect(
      state()
        .offered(1)
        .map(({ series }) => series[0]?.files.length),
    ).toEqual([3]);
    await settled(agent);
  });
});
