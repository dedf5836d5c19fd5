import { devicePublishes, deviceSubscribes, topics } from '@collimator/shared/contracts/topics';
import { err, ok, type Result } from '@collimator/shared/result';
import { hubCommonName } from '@collimator/provisioning/authority/authority';

/** Who is at the other end of a connection: the verified client certificate says so. */
export type Peer = { readonly commonName: string; readonly certificateSerial: string };

/** What a client says of itself when it connects. */
export type ConnectRequest = {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly clean: boolean;
};

/** Whether this certificate is the one in force for its device. */
export type Admits = (peer: Peer) => boolean;

/**
 * Whether a client may connect: under the name in its certificate and no other, with a certificate that is in force.
 * Sessions are clean, because what must survive is kept by its owner and a stored session is memory without bound.
 */
export function judgeConnect(peer: Peer, request: ConnectRequest, admits: Admits): Result<void, string> {
  if (request.clientId !== peer.commonName) return err('client id is not the name in the certificate');
  if (request.username !== undefined && request.username !== peer.commonName)
    return err('user name is not the name in the certificate');
  if (!request.clean) return err('only clean sessions');
  if (peer.commonName !== hubCommonName && !admits(peer)) return err('certificate is not in force');
  return ok(undefined);
}

export type Publication = { readonly topic: string; readonly qos: number; readonly retain: boolean };

/** Whether a client may publish; the hub may publish everything but the broker's own topics. */
export function judgePublish(commonName: string, publication: Publication): Result<void, string> {
  if (publication.topic.startsWith('$')) return err('reserved topic');
  if (publication.qos > 1) return err('QoS 2 is not used here');
  if (commonName === hubCommonName) return ok(undefined);
  if (!devicePublishes(commonName, publication.topic)) return err('not a topic of this device');
  // The broker holds what is retained in memory, and says it again to whoever comes.
  if (publication.retain && publication.topic !== topics.state(commonName)) return err('only a state is retained');
  return ok(undefined);
}

export const maySubscribe = (commonName: string, filter: string): boolean =>
  !filter.startsWith('$') && (commonName === hubCommonName || deviceSubscribes(commonName, filter));
