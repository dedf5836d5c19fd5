import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createStoreScp, err, openAssociation, type ScpEvent, VERIFICATION } from '@collimator/edge-agent/dimse/index';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run, temporaryFolder, until } from './peers.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

describe('DICOM over TLS', () => {
  it('echoes with our SCU and with dcmtk, and refuses who does not speak it or trust it', async () => {
    const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')];
    const made = await run('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert],
    ]);
    expect(made.code).toBe(0);
    const events: ScpEvent[] = [];
    const scp = createStoreScp({
      listen: [{ host: '127.0.0.1', port: 0, tls: { key: await readFile(key), cert: await readFile(cert) } }],
      policy: {
        sources: [{ aeTitle: '*', addresses: ['127.0.0.1'], calledAeTitles: ['*'], associationsMax: 4 }],
        associationsMax: 4,
      },
      sink: { begin: async () => err({ status: 0xa700 }) },
      onEvent: (event) => events.push(event),
    });
    await scp.start();
    const port = scp.addresses()[0]?.port ?? 0;
    const open = (tls: { ca: Buffer } | Record<string, never>) =>
      openAssociation({
        ...{ host: '127.0.0.1', port, tls, callingAeTitle: 'A', calledAeTitle: 'B' },
        contexts: [{ abstractSyntax: VERIFICATION, transferSyntaxes: ['1.2.840.10008.1.2'] }],
      });
    try {
      const association = await open({ ca: await readFile(cert) });
      expect(await association.echo()).toEqual({ status: 0 });
      await association.release();
      await expect(open({})).rejects.toMatchObject({ code: 'connect-failed', step: 'connect' });
      expect((await run('echoscu', ['+tla', '-ic', '127.0.0.1', `${port}`])).code).toBe(0);
      expect((await run('echoscu', ['-ta', '5', '127.0.0.1', `${port}`])).code).not.toBe(0);
      await until('the failure is told', () => events.some((event) => event.type === 'connection-failed'));
    } finally {
      await scp.close();
    }
  });
});
