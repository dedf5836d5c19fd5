import { bcp195 } from '../../dimse/index.ts';
import { blocks, table } from '../markdown.ts';

/** PS3.2 §A.7: security profiles and association level security. */
export const securitySection = (): string =>
  blocks(
    '## 7 Security',
    '### 7.1 Security profiles',
    'DICOM over TLS after the BCP 195 TLS Secure Transport Connection Profile (PS3.15 §B.12), on both sides: as acceptor on each listener with a `tls` section, as requestor to each `dimse` destination with one (STOW-RS: 4.2.3). ' +
      `The lowest version is ${versionName(String(bcp195.minVersion))}, the highest is TLS 1.3; renegotiation and compression are off, the order of the acceptor decides.`,
    table(
      ['cipher suite (OpenSSL name)', 'version'],
      ciphers().map((name) => [name, versionOf(name)]),
    ),
    'As acceptor a certificate is asked for and checked against `client_ca`, unless the listener says `anonymous_clients: true`. As requestor the certificate of the peer is checked against `tls.ca`, and its name against `host`. Certificates are read again when their files change; open associations stay as they are. Revocation lists are not read.',
    '### 7.2 Association level security',
    'Calling AE title, source address and called AE title are checked for each association (4.2.1.5). User identity (PS3.7 §D.3.3.7): as acceptor types 1 (user name) and 2 (user name and passcode), for sources that have a `user` section; a positive response is given only where the identity was checked. Kerberos, SAML and JSON web tokens are not taken. As requestor types 1 and 2 where the destination has a `user` section.',
    '### 7.3 Application level security',
    'Logs, metrics, events and what is sent to the hub hold no patient data and no DICOM UIDs. The audit trail is in the log (events marked as audit in the event registry); it is not sent as PS3.15 audit messages. Stored objects are not encrypted by the product.',
  );

const ciphers = (): readonly string[] => (bcp195.ciphers ?? '').split(':');
const versionOf = (cipher: string): string => (cipher.startsWith('TLS_') ? 'TLS 1.3' : 'TLS 1.2');
const versionName = (version: string): string => version.replace('TLSv', 'TLS ');
