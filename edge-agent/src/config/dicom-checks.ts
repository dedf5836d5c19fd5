import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { Problem } from '@collimator/shared/contracts/validate';
import { transferSyntaxes } from '@collimator/shared/dicom/transfer-syntaxes';
import { canonicalBlock, parseCidr } from '../dimse/index.ts';
import { congestionWatermark } from './dicom-settings.ts';

type Dicom = AgentConfig['dicom'];

/** What the schema cannot say of the DICOM node, and of nothing else. */
export const dicomChecks = (dicom: Dicom): Problem[] => [
  ...sources(dicom),
  ...limits(dicom),
  ...listeners(dicom),
  ...transferSyntaxOrder(dicom),
];

/** Files that must open, with the keys that name them. */
export const dicomFiles = (dicom: Dicom): (readonly [string, string | undefined])[] => [
  ...dicom.listen.flatMap(({ tls }, i): (readonly [string, string | undefined])[] => [
    [`dicom.listen[${i}].tls.certificate`, tls?.certificate],
    [`dicom.listen[${i}].tls.key`, tls?.key],
    [`dicom.listen[${i}].tls.client_ca`, tls?.client_ca],
  ]),
  ...dicom.sources.map(({ user }, i) => [`dicom.sources[${i}].user.passcode_file`, user?.passcode_file] as const),
];

/** Two rows may overlap: the smaller block then decides. Two rows with one title and one block cannot both be meant. */
function sources({ sources: all, limits: { associations } }: Dicom): Problem[] {
  const keys = all.map(({ ae_title, address }) => `${ae_title}\n${canonicalBlock(address) ?? address}`);
  return all.flatMap((source, i): Problem[] => {
    const cidr = parseCidr(source.address);
    if (!cidr.ok) return [{ path: `dicom.sources[${i}].address`, what: cidr.error }];
    const first = keys.indexOf(keys[i] ?? '');
    if (first < i)
      return [{ path: `dicom.sources[${i}]`, what: `has the AE title and the addresses of dicom.sources[${first}]` }];
    if (source.associations !== undefined && source.associations > associations)
      return [{ path: `dicom.sources[${i}].associations`, what: 'is more than dicom.limits.associations' }];
    return [];
  });
}

function limits(dicom: Dicom): Problem[] {
  const problems: Problem[] = [];
  const { disk, limits: bounds } = dicom;
  if (bounds.per_source > bounds.associations)
    problems.push({ path: 'dicom.limits.per_source', what: 'is more than dicom.limits.associations' });
  if (bounds.connections < bounds.associations)
    problems.push({ path: 'dicom.limits.connections', what: 'is less than dicom.limits.associations' });
  if (disk.high_watermark >= disk.stop_watermark)
    problems.push({ path: 'dicom.disk.high_watermark', what: 'must be below dicom.disk.stop_watermark' });
  else if (congestionWatermark(dicom) < disk.high_watermark || congestionWatermark(dicom) > disk.stop_watermark)
    problems.push({
      path: 'dicom.disk.congestion_watermark',
      what: 'must be between dicom.disk.high_watermark and dicom.disk.stop_watermark',
    });
  const { keep_days_max: keepDays } = dicom.retention;
  if (keepDays !== null && keepDays * 24 < disk.keep_hours_min)
    problems.push({ path: 'dicom.retention.keep_days_max', what: 'is less than dicom.disk.keep_hours_min' });
  return problems;
}

/** PS3.15 B.12: who may come without a certificate is said, not left out. */
function listeners({ listen }: Dicom): Problem[] {
  return listen.flatMap(({ tls }, i): Problem[] => {
    const path = `dicom.listen[${i}].tls.client_ca`;
    if (tls === undefined) return [];
    if (tls.client_ca === undefined && !tls.anonymous_clients)
      return [{ path, what: 'is missing; give the authority of the senders, or say anonymous_clients: true' }];
    if (tls.client_ca !== undefined && tls.anonymous_clients)
      return [{ path, what: 'asks for certificates that anonymous_clients does not want' }];
    return [];
  });
}

const transferSyntaxOrder = ({ transfer_syntaxes: order }: Dicom): Problem[] =>
  order.flatMap((uid, i) =>
    transferSyntaxes.has(uid)
      ? []
      : [{ path: `dicom.transfer_syntaxes[${i}]`, what: `${uid} is no transfer syntax that is taken` }],
  );
