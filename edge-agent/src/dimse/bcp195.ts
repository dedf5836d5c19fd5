import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';

/**
 * What both sides of a TLS connection hold to unless told otherwise (PS3.15 §B.12, BCP 195 as RFC 9325 §4.2): TLS 1.3,
 * or 1.2 with forward secrecy and authenticated encryption; nothing older, no renegotiation.
 */
export const bcp195: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_AES_128_GCM_SHA256',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'DHE-RSA-AES256-GCM-SHA384',
    'DHE-RSA-AES128-GCM-SHA256',
  ].join(':'),
  honorCipherOrder: true,
  dhparam: 'auto',
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
};
