import { join } from 'node:path';
import { EXPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { err, ok, type Result } from '@collimator/shared/result';
import type { RunReleases } from '../../store/sqlite-run-releases.ts';
import { destinationsOf, reporting, routesOf } from '../assemble/route/routing.ts';
import type { RawElement } from '../decode/raw-element.ts';
import { createSliceReader, type SliceReader } from '../decode/slice-reader.ts';
import { reportClasses } from '../result/report/report-document.ts';
import { buildStatusReport } from '../result/report/status-report.ts';
import { writeResult } from './write-result.ts';
import type { FailureReporterDeps } from './failure-reporter.ts';
import { attemptFolder, type DescriptionDeps, newResultUids } from './job-description.ts';

export type StatusReporterDeps = DescriptionDeps & { readonly runReleases: RunReleases };

/**
 * Makes the reports of jobs that failed; see `buildStatusReport`. They name the release that the job was for, whatever
 * is active by now. The image that is at fault may be one of many, so patient and study are taken from the first that
 * can be read; where none can be, there is nobody to report on and the outcome is an error.
 */
export function createStatusReporter(deps: StatusReporterDeps): FailureReporterDeps['report'] {
  let reader: Promise<SliceReader> | undefined;

  return async (row) => {
    const { failure } = row.job;
    const outcome = failure?.class === 'permanent' ? 'refused' : 'failed';
    const chosen = routesOf(deps.routes, row);
    // Whether a study that nothing matches is answered is a key of its own.
    const routes = failure?.code === 'study-unmatched' ? chosen : reporting(chosen, outcome);
    const destinations = destinationsOf(routes, 'SR');
    if (destinations.length === 0) return ok(undefined);
    const release = deps.runReleases.get(row.releaseSha256);
    if (release === undefined) return err('the release that it was for is not known');
    reader ??= createSliceReader();
    const paths = deps.jobs.images(row);
    const subject = await firstSubject(await reader, paths);
    if (!subject.ok) return subject;
    const kind = routes[0]?.report ?? 'comprehensive';
    const uids = newResultUids(deps.random);
    const bytes = buildStatusReport({
      now: new Date(deps.now()),
      device: { id: deps.deviceSerial, softwareVersion: deps.agentVersion },
      release,
      releaseSha256: row.releaseSha256,
      subject: subject.value.elements,
      uids,
      sources: deps.jobs.sources(row, subject.value.path),
      predecessors: deps.jobs.predecessors(row),
      kind,
      outcome,
      reason: `${row.releaseName} ${row.releaseVersion}: ${failure?.code ?? 'unknown'}: ${failure?.detail ?? ''}`,
    });
    const path = `${attemptFolder(row)}/status.dcm`;
    const sha256 = await writeResult(join(deps.dataDir, path), bytes);
    return ok({
      object: 'SR',
      sopClassUid: reportClasses[kind],
      sopInstanceUid: uids.sr,
      seriesInstanceUid: uids.srSeries,
      transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
      path,
      sha256,
      destinations,
    });
  };

  async function firstSubject(
    from: SliceReader,
    paths: readonly string[],
  ): Promise<Result<{ readonly path: string; readonly elements: readonly RawElement[] }, string>> {
    let why = 'it has no images';
    for (const path of paths) {
      const subject = await from.readSubject(join(deps.dataDir, path));
      if (subject.ok) return ok({ path, elements: subject.value });
      why = `${subject.error.code}: ${subject.error.detail}`;
    }
    return err(`no image of the series says whose it is: ${why}`);
  }
}
