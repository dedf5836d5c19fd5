import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import {
  createStoreScp,
  ok,
  openAssociation,
  type ScpEvent,
  type StoreScp,
  VERIFICATION,
} from '@collimator/edge-agent/dimse/index';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../free-ports.ts';
import { filesBelow, type Peer, pydicomFile, run, startListener, temporaryFolder, until } from './peers.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const file = (name: string): string => join(folder.path, name);

async function openssl(...args: readonly string[]): Promise<void> {
  const { code, output } = await run('openssl', args);
  if (code !== 0) throw new Error(output);
}

async function authority(name: string): Promise<void> {
  await openssl(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)],
  );
}

async function certificate(name: string, ca: string): Promise<void> {
  await openssl(
    ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'],
    ...['-keyout', file(`${name}.key`), '-out', file(`${name}.csr`)],
  );
  await openssl(
    ...['x509', '-req', '-in', file(`${name}.csr`), '-days', '2', '-copy_extensions', 'copy', '-CAcreateserial'],
    ...['-CA', file(`${ca}.crt`), '-CAkey', file(`${ca}.key`), '-out', file(`${name}.crt`)],
  );
}

beforeAll(async () => {
  folder = await temporaryFolder();
  await Promise.all([authority('hospital'), authority('stranger')]);
  await Promise.all([certificate('node', 'hospital'), certificate('ct', 'hospital'), certificate('thief', 'stranger')]);
});
afterAll(() => folder.remove());

let scp: StoreScp | undefined;
let peer: Peer | undefined;
afterEach(async () => {
  await scp?.close();
  await peer?.stop();
  scp = undefined;
  peer = undefined;
});

async function start(tls: object = {}): Promise<{ port: number; events: ScpEvent[] }> {
  const events: ScpEvent[] = [];
  const [cert, key, ca] = await Promise.all(
    ['node.crt', 'node.key', 'hospital.crt'].map((name) => readFile(file(name))),
  );
  scp = createStoreScp({
    listen: [
      { host: '127.0.0.1', port: 0, tls: { cert, key, ca, requestCert: true, rejectUnauthorized: true, ...tls } },
    ],
    policy: {
      sources: [{ aeTitle: '*', addresses: ['127.0.0.1'], calledAeTitles: ['*'], associationsMax: 4 }],
      associationsMax: 4,
    },
    sink: {
      begin: async () =>
        ok({ write: async () => undefined, commit: async () => ({ status: 0 }), abort: async () => undefined }),
    },
    onEvent: (event) => events.push(event),
  });
  await scp.start();
  return { port: scp.addresses()[0]?.port ?? 0, events };
}

const withCertificate = (name: string): string[] => ['+tls', file(`${name}.key`), file(`${name}.crt`)];
const trusting = (ca: string): string[] => ['+cf', file(`${ca}.crt`)];
const contexts = [{ abstractSyntax: VERIFICATION, transferSyntaxes: ['1.2.840.10008.1.2'] }];
const ourSide = { host: '127.0.0.1', callingAeTitle: 'A', calledAeTitle: 'B', contexts };

describe('DICOM over TLS', () => {
  it('takes objects from dcmtk with a certificate of our authority, in each profile of BCP 195', async () => {
    const { port, events } = await start();
    for (const profile of ['+py', '+px', '+pz']) {
      const sent = await run('storescu', [
        ...[...withCertificate('ct'), ...trusting('hospital'), profile, '-xe'],
        ...['127.0.0.1', `${port}`, await pydicomFile('CT_small.dcm')],
      ]);
      expect(sent).toMatchObject({ code: 0 });
    }
    expect(events.filter(({ type }) => type === 'instance-stored')).toHaveLength(3);
  });

  it.each([
    ['without a certificate', () => ['+tla', '-ic']],
    ['with one of another authority', () => [...withCertificate('thief'), ...trusting('hospital')]],
    ['that does not trust ours', () => [...withCertificate('ct'), ...trusting('stranger')]],
    ['without TLS', () => ['-ta', '5']],
  ])('does not take dcmtk %s', async (_case, options) => {
    const { port, events } = await start();
    const { code } = await run('echoscu', [...options(), '127.0.0.1', `${port}`]);
    expect(code).not.toBe(0);
    await until('the failure is told', () => events.some(({ type }) => type === 'connection-failed'));
    expect(events.some(({ type }) => type === 'association-accepted')).toBe(false);
  });

  it('takes dcmtk without a certificate where that is said', async () => {
    const { port } = await start({ requestCert: false });
    expect(await run('echoscu', ['+tla', '-ic', '127.0.0.1', `${port}`])).toMatchObject({ code: 0 });
  });

  it.each([
    ['TLS 1.1', ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0']],
    ['a cipher without forward secrecy', ['-tls1_2', '-cipher', 'AES128-GCM-SHA256']],
    ['a cipher without authenticated encryption', ['-tls1_2', '-cipher', 'ECDHE-RSA-AES128-SHA']],
  ])('refuses %s', async (_case, options) => {
    const { port } = await start({ requestCert: false });
    const connect = (...more: readonly string[]) =>
      run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...more, '-brief']);
    expect((await connect(...options)).code).not.toBe(0);
  });

  it('prefers TLS 1.3', async () => {
    const { port } = await start({ requestCert: false });
    const version = await new Promise((resolve, reject) => {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
        resolve(socket.getProtocol());
        socket.destroy();
      });
      socket.on('error', reject);
    });
    expect(version).toBe('TLSv1.3');
  });

  it('shows a renewed certificate to who connects next, and keeps the old one when the new one is broken', async () => {
    const { port } = await start();
    const [key, cert, ca] = await Promise.all(['ct.key', 'ct.crt', 'hospital.crt'].map((name) => readFile(file(name))));
    const open = (trusted: Buffer | undefined) =>
      openAssociation({ ...ourSide, port, tls: { key, cert, ...(trusted !== undefined && { ca: trusted }) } });
    const first = await open(ca);
    expect(() => scp?.setTls(0, { cert: 'broken', key: 'broken' })).toThrow(/PEM/);
    await (await open(ca)).release();
    const other = await Promise.all(['thief.key', 'thief.crt', 'stranger.crt'].map((name) => readFile(file(name))));
    scp?.setTls(0, { key: other[0], cert: other[1], ca });
    await expect(open(ca)).rejects.toMatchObject({ code: 'connect-failed', step: 'connect' });
    await (await open(other[2])).release();
    // Who was there before goes on.
    expect(await first.echo()).toEqual({ status: 0 });
    await first.release();
  });

  it('is what our SCU speaks to dcmtk, which asks for our certificate', async () => {
    const port = await freePort();
    const received = file('received');
    expect(await run('mkdir', ['-p', received])).toMatchObject({ code: 0 });
    peer = await startListener(
      'storescp',
      ['-od', received, ...withCertificate('node'), ...trusting('hospital'), '-rc', '-aet', 'B', `${port}`],
      port,
    );
    const [key, cert, ca] = await Promise.all(['ct.key', 'ct.crt', 'hospital.crt'].map((name) => readFile(file(name))));
    const association = await openAssociation({ ...ourSide, port, tls: { key, cert, ca } });
    expect(await association.echo()).toEqual({ status: 0 });
    await association.release();
    await expect(openAssociation({ ...ourSide, port, tls: { ca } })).rejects.toMatchObject({
      name: 'AssociationError',
    });
    expect(await filesBelow(received)).toEqual([]);
  });
});
