import { join } from 'node:path';
import type { Route } from '@collimator/shared/contracts/agent-config';
import { EXPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { sopClasses } from '@collimator/shared/dicom/uids';
import type { JobRow, StoredResult } from '../../store/sqlite-jobs.ts';
import type { ActiveReleases } from '../assemble/active-releases.ts';
import { createSliceReader, type SliceReader } from '../decode/slice-reader.ts';
import { buildStatusReport } from '../result/status-report.ts';
import { writeDurably } from './durable-file.ts';
import { attemptFolder, type DescriptionDeps, newResultUids, routeOf } from './job-description.ts';

export type StatusReporterDeps = DescriptionDeps & { readonly releases: ActiveReleases };

/**
 * Makes the reports of jobs that failed; see `buildStatusReport`. The image that is at fault may be one of many, so
 * patient and study are taken from the first that can be read.
 */
export function createStatusReporter(deps: StatusReporterDeps): (row: JobRow) => Promise<StoredResult | undefined> {
  let reader: Promise<SliceReader> | undefined;

  return async (row) => {
    const route: Route | undefined = routeOf(deps.routes, row.releaseName);
    if (route === undefined || !route.objects.includes('SR')) return undefined;
    const active = deps.releases.active(row.releaseName);
    if (active === undefined) throw new Error(`no ${row.releaseName} is active`);
    reader ??= createSliceReader();
    const paths = deps.jobs.images(row);
    const { failure } = row.job;
    const uids = newResultUids(deps.random);
    const bytes = buildStatusReport({
      now: new Date(deps.now()),
      device: { id: deps.deviceSerial, softwareVersion: deps.agentVersion },
      release: active.release,
      releaseSha256: active.ref.sha256,
      subject: await firstSubject(await reader, paths),
      uids,
      sources: deps.jobs.sources(row),
      outcome: failure?.class === 'permanent' ? 'refused' : 'failed',
      reason: `${row.releaseName} ${row.releaseVersion}: ${failure?.code ?? 'unknown'}: ${failure?.detail ?? ''}`,
    });
    const path = `${attemptFolder(row)}/status.dcm`;
    const sha256 = await writeDurably(deps.dataDir, join(deps.dataDir, path), bytes);
    return {
      object: 'SR',
      sopClassUid: sopClasses.comprehensiveSr,
      sopInstanceUid: uids.sr,
      transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
      path,
      sha256,
      destinations: [...new Set(route.destinations)],
    };
  };

  async function firstSubject(from: SliceReader, paths: readonly string[]) {
    let why = 'it has no images';
    for (const path of paths) {
      const subject = await from.readSubject(join(deps.dataDir, path));
      if (subject.ok) return subject.value;
      why = `${subject.error.code}: ${subject.error.detail}`;
    }
    throw new Error(`no image of the series says whose it is: ${why}`);
  }
}
