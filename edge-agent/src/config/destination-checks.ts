import type { AgentConfig, Destination } from '@collimator/shared/contracts/agent-config';
import type { Problem } from '@collimator/shared/contracts/validate';
import { TIMER_S_MAX } from './timer-bound.ts';

/** What the schema of a destination cannot say. */
export const destinationProblems = (destinations: readonly Destination[]): Problem[] =>
  destinations.flatMap((destination, i) =>
    [...times(destination), ...credentials(destination)].map(({ path, what }) => ({
      path: `destinations[${i}].${path}`,
      what,
    })),
  );

/** The destination that commits for others must be one that can be asked. */
export function commitmentProblems(
  { storage_commitment: commitment }: Pick<AgentConfig['dicom'], 'storage_commitment'>,
  destinations: readonly Destination[],
): Problem[] {
  if (commitment === 'refuse') return [];
  const path = 'dicom.storage_commitment.after_pacs';
  const one = destinations.find(({ name }) => name === commitment.after_pacs);
  if (one === undefined) return [{ path, what: `${commitment.after_pacs} is not the name of a destination` }];
  if (one.kind !== 'dimse') return [{ path, what: `${commitment.after_pacs} is no dimse destination` }];
  return [];
}

function times(destination: Destination): Problem[] {
  const { retry, timeouts } = destination;
  const all: readonly (readonly [string, number])[] = [
    ['retry.most_s', retry.most_s],
    ['timeouts.connect_s', timeouts.connect_s],
    ['timeouts.response_s', timeouts.response_s],
    ...(destination.kind === 'dimse' ? [['association.idle_s', destination.association.idle_s] as const] : []),
    ...(destination.kind === 'dimse' && destination.commitment !== undefined
      ? [['commitment.wait_s', destination.commitment.wait_s] as const]
      : []),
  ];
  const tooLong = all.flatMap(([path, seconds]) =>
    seconds > TIMER_S_MAX ? [{ path, what: `is more than ${TIMER_S_MAX} s` }] : [],
  );
  if (retry.first_s <= retry.most_s) return tooLong;
  return [...tooLong, { path: 'retry.first_s', what: 'is more than retry.most_s' }];
}

/** A secret goes over TLS or not at all, this machine itself left out. */
function credentials(destination: Destination): Problem[] {
  if (destination.kind !== 'stow') return [];
  const problems: Problem[] = [];
  if (!URL.canParse(destination.url)) return [{ path: 'url', what: 'is no URL' }];
  const { protocol, hostname, username, password } = new URL(destination.url);
  if (username !== '' || password !== '') problems.push({ path: 'url', what: 'holds credentials; give them by file' });
  const given = (['token_file', 'basic'] as const).filter((key) => destination[key] !== undefined);
  if (given.length > 1) problems.push({ path: 'basic', what: 'is given besides token_file; one of them is enough' });
  const [first] = given;
  if (first !== undefined && protocol !== 'https:' && !['127.0.0.1', '[::1]', 'localhost'].includes(hostname)) {
    problems.push({ path: first, what: 'is sent over https only' });
  }
  if (destination.tls !== undefined && protocol !== 'https:')
    problems.push({ path: 'tls', what: 'needs an https url' });
  return problems;
}

/** Files that destinations name, with where they are named; '' where one of a pair is missing. */
export function destinationFiles(destinations: readonly Destination[]): (readonly [string, string | undefined])[] {
  return destinations.flatMap((destination, i) => {
    const { tls } = destination;
    const path = `destinations[${i}]`;
    const named: (readonly [string, string | undefined])[] = [
      [`${path}.tls.ca`, tls?.ca],
      [`${path}.tls.certificate`, tls?.certificate],
      [`${path}.tls.key`, tls?.key],
    ];
    if ((tls?.certificate === undefined) !== (tls?.key === undefined)) {
      named.push([`${path}.tls.${tls?.key === undefined ? 'key' : 'certificate'}`, '']);
    }
    if (destination.kind === 'dimse') named.push([`${path}.user.passcode_file`, destination.user?.passcode_file]);
    if (destination.kind === 'stow') {
      named.push([`${path}.token_file`, destination.token_file]);
      named.push([`${path}.basic.password_file`, destination.basic?.password_file]);
    }
    return named;
  });
}
