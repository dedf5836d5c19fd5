import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a throw-away authority, a broker's certificate for this host, and a client's by its common name. */
export type TestAuthority = {
  readonly ca: string;
  readonly server: { readonly certificate: string; readonly key: string };
  /** One for a server of another name. */
  otherServer(name: string): { readonly certificate: string; readonly key: string };
  /** `days` below 0 makes one that has expired already. */
  client(commonName: string, days?: number): { readonly certificate: string; readonly key: string };
  /** One for a node of this host that both calls and is called. */
  node(commonName: string): { readonly certificate: string; readonly key: string };
};

/** Made by openssl rather than by our own authority, so that the appliance is tested against someone else's idea of TLS. */
export function createTestAuthority(folder: string): TestAuthority {
  const path = (name: string) => join(folder, name);
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=Test root');

  const issue = (name: string, extensions: string, days: number) => {
    const file = name.replaceAll(/[^A-Za-z0-9-]/g, '_');
    writeFileSync(path(`${file}.ext`), extensions);
    openssl('req', ...newKey, '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', `/CN=${name}`);
    openssl(
      ...['x509', '-req', '-in', `${file}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-extfile', `${file}.ext`, '-out', `${file}.crt`, '-days', String(days)],
    );
    return { certificate: path(`${file}.crt`), key: path(`${file}.key`) };
  };

  return {
    ca: path('ca.crt'),
    server: issue('localhost', 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n', 2),
    node: (commonName) =>
      issue(commonName, 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n', 2),
    otherServer: (name) => issue(name, `subjectAltName=DNS:${name}\nextendedKeyUsage=serverAuth\n`, 2),
    client: (commonName, days = 2) => issue(commonName, 'extendedKeyUsage=clientAuth\n', days),
  };
}
