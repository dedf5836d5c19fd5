import type { Destination } from '@collimator/shared/contracts/agent-config';
import { describeError } from '@collimator/shared/errors/coded-error';
import { outcomeOf } from '../observe/policy-metrics.ts';
import { createSqliteDeliveries } from '../store/sqlite-deliveries.ts';
import { createSqliteHolds } from '../store/sqlite-holds.ts';
import { forgetPatientKeys } from '../store/sqlite-instance-index.ts';
import { createSqliteJobs } from '../store/sqlite-jobs.ts';
import { createSqliteKeyObjects } from '../store/sqlite-key-objects.ts';
import { createSqliteRetention } from '../store/sqlite-retention.ts';
import { createSqliteWithdrawable } from '../store/sqlite-withdrawable.ts';
import { createSqliteRunCosts } from '../store/sqlite-run-costs.ts';
import { createSqliteRunReleases } from '../store/sqlite-run-releases.ts';
import { prioritizeStudy, retryStudy } from '../store/sqlite-retries.ts';
import { createSqliteWithdrawals } from '../store/sqlite-withdrawals.ts';
import { createSqliteSourceReleases } from '../store/sqlite-source-releases.ts';
import { createSqliteStudies } from '../store/sqlite-studies.ts';
import { createSqliteStudyList } from '../store/sqlite-study-list.ts';
import { priorityOf } from './assemble/route/plan-jobs.ts';
import { readKeyObjects } from './assemble/reject/key-object-reader.ts';
import { askedSources, createSourceAsker } from './assemble/complete/source-asker.ts';
import { createStudyAssembler } from './assemble/study-assembler.ts';
import { createCommitmentStage } from './deliver/commitment/commitment-stage.ts';
import { destinationFigures } from './deliver/destination-figures.ts';
import { openLane } from './deliver/open-lane.ts';
import { createSliceReader } from './decode/slice-reader.ts';
import { findDevices } from './infer/devices.ts';
import { createFailureReporter } from './infer/failure-reporter.ts';
import type { DescriptionDeps } from './infer/job-description.ts';
import { openEngine } from './infer/open-engine.ts';
import { createStatusReporter } from './infer/status-report.ts';
import { createWithdrawer } from './infer/withdrawal.ts';
import { systemAfter } from '../timers.ts';
import { codeOf, placeOf } from '../observe/code-of.ts';
import { diskSpace } from '../observe/disk-space.ts';
import { createArrivals, watchArrivals } from './receive/arrivals.ts';
import { sweepIncoming } from './receive/disk/data-folders.ts';
import { createIntake } from './receive/intake.ts';
import { type PatientIdentity, patientKey } from './receive/header/patient-key.ts';
import { logReceived } from './receive/log-received.ts';
import { readPatientSecret } from './receive/header/patient-secret.ts';
import { createPriorsWay } from './prior/priors-way.ts';
import { openStoreLane } from './receive/disk/store-lane.ts';
import { createCleaner } from './retain/cleaner.ts';
import { keepSubject } from './retain/keep-subject.ts';
import { createStartComparison } from './retain/start-comparison.ts';
import type { StudyWay, StudyWayDeps } from './study-way-types.ts';

export type { AssociationEnd, StudyCounts, StudyWay, StudyWayDeps } from './study-way-types.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Studies over which latencies are told. */
const LATENCIES_OVER = 500;

/** Wires a study's way: receive → assemble → queue → infer → result → deliver. */
export async function createStudyWay(deps: StudyWayDeps): Promise<StudyWay> {
  const { store, config, dataDir, releases, now, log, checkpoint } = deps;
  const after = deps.after ?? systemAfter;
  const jobs = createSqliteJobs(store);
  const deliveries = createSqliteDeliveries(store);
  const holds = createSqliteHolds(store);
  const keyOf = await patientKeys(deps);
  const keyObjects = createSqliteKeyObjects(store);
  const list = createSqliteStudyList(store);
  const runReleases = createSqliteRunReleases(store);
  const seen = { received: 0, rejected: 0, quarantined: 0, inferred: 0, failed: 0, delivered: 0, undelivered: 0 };
  const conflicts = { quarantined: 0, replaced: 0, 'kept-first': 0 };
  const removed = { space: 0, age: 0, prior: 0 };
  let freedBytes = 0;
  const reader = await createSliceReader();
  const withdrawable = createSqliteWithdrawable(store);
  const priors = createPriorsWay({
    ...{ store, config, dataDir, jobs, now, after, log, checkpoint, reader },
    onSettled: () => {
      dispatcher.wake();
      reporter.wake();
    },
  });
  const describing: DescriptionDeps = {
    jobs,
    priorsOf: (jobId) => priors.of(jobId),
    dataDir,
    routes: config.routes,
    deviceSerial: config.device.serial,
    agentVersion: deps.agentVersion,
    now,
    random: deps.random,
  };

  const jitter = (): number => (deps.random(1)[0] ?? 0) / 255;
  const commitment = createCommitmentStage({
    ...{ store, config, now, after, jitter, log, checkpoint },
    onResend: () => wakeLanes(),
  });
  const lanes = config.destinations.map((destination) => createLane(destination));
  const wakeLanes = (): void => {
    for (const lane of lanes) lane.wake();
  };
  const reporter = createFailureReporter({
    jobs,
    report: createStatusReporter({ ...describing, runReleases }),
    now,
    after,
    log,
    onReports: wakeLanes,
  });
  const engine = openEngine({
    ...{ config, describing, jobs, deliveries, after, log, checkpoint },
    specs: await findDevices(config.devices),
    runCosts: createSqliteRunCosts(store),
    onEvent: deps.onEngineEvent ?? (() => undefined),
    onEnded(_, { state }) {
      if (state === 'inferred') seen.inferred += 1;
      else seen.failed += 1;
      if (state === 'failed') reporter.wake();
      wakeLanes();
    },
  });
  const dispatcher = engine.loop;
  const quiet_ms = config.assembly.complete_after_quiet_s * 1000;
  const arrivals = createArrivals(quiet_ms);
  const sourceReleases = createSqliteSourceReleases(store);
  const { rules, rejections } = config.assembly;
  const keep = { for_ms: rejections.keep_days * DAY_MS, entriesMax: rejections.entries_max };
  const askers = askedSources(rules).map(({ source, at }) => ({
    source,
    ...createSourceAsker({
      ...{ source, at, releases: sourceReleases, now, after, log, callingAeTitle: config.dicom.ae_title },
      onAnswer: () => assembler.wake(),
    }),
  }));
  const assembler = createStudyAssembler({
    sourceReleases,
    studies: createSqliteStudies(store),
    jobs,
    holds,
    releases,
    runReleases,
    routes: config.routes,
    policy: { quiet_ms, lateImages: config.assembly.late_images },
    rules,
    arrivals,
    now,
    after,
    log,
    checkpoint,
    onReleaseNoted: (source) => askers.find((one) => one.source === source)?.wake(),
    onJobs: () => {
      priors.stage.wake();
      dispatcher.wake();
    },
    onUnmatched: () => reporter.wake(),
    readNotes: (limit) =>
      readKeyObjects({ ...{ keyObjects, rules, keep, dataDir, now, log, checkpoint }, onRejected }, limit),
  });
  const withdrawer = createWithdrawer({
    withdrawals: createSqliteWithdrawals(store),
    ...{ deliveries, dataDir, now, after, log, checkpoint, random: deps.random, agentVersion: deps.agentVersion },
    deviceSerial: config.device.serial,
    onNotes: wakeLanes,
  });
  function onRejected(): void {
    withdrawer.wake();
    dispatcher.wake();
  }
  const lane = await openStoreLane();
  const intake = createIntake({
    store,
    lane,
    dataDir,
    now,
    patientKey: keyOf,
    conflicts: config.dicom.conflicts,
    limits: { filesMax: config.dicom.quarantine.entries_max, bytesMax: config.dicom.quarantine.bytes_max },
    quarantineKeep_ms: config.dicom.quarantine.keep_days * DAY_MS,
    onStored(instance, own) {
      checkpoint('instance-committed');
      seen.received += 1;
      if (own) log.event('own-object-returned', { instance });
      else assembler.wake();
    },
    isFetched: (header) => priors.isFetched(header),
    onFetched(study) {
      checkpoint('prior-image-committed');
      seen.received += 1;
      priors.stage.arrived(study);
    },
    onTakenAsNew: (instance) => log.event('prior-image-taken-as-new', { instance }),
    onEvent(event) {
      if (event.type === 'instance-placed') {
        const { associationId, studyInstanceUid, seriesInstanceUid } = event.header;
        arrivals.brought(associationId, studyInstanceUid, seriesInstanceUid);
      }
      // What was made of the old image is taken back.
      if (event.type === 'instance-conflict' && event.action === 'replaced') withdrawer.wake();
      if (event.type === 'quarantined') seen.quarantined += 1;
      if (event.type === 'instance-conflict') conflicts[outcomeOf[event.action]] += 1;
      if (event.type === 'write-failed') seen.rejected += 1;
      logReceived(event, log);
      deps.onReceive?.(event);
    },
    onDecided(entry, decision) {
      log.event('quarantine-decided', { entry, decision, by: 'local operator' });
      goOn();
    },
    checkpoint,
    onRemovalFailed: (error) => log.event('removal-failed', { code: codeOf(error), place: placeOf(error) }),
  });
  /** A study that was held may go on, at whichever stage it was. */
  const goOn = (): void => {
    for (const loop of loops) loop.wake();
  };

  const sink = watchArrivals(intake.sink, arrivals, now);

  function createLane(destination: Destination) {
    return openLane({
      destination,
      callingAeTitle: config.dicom.ae_title,
      deliveries,
      dataDir,
      now,
      after,
      jitter,
      log,
      checkpoint,
      onSent: () => {
        seen.delivered += 1;
        commitment.wake();
      },
      onFailed: () => {
        seen.undelivered += 1;
      },
    });
  }

  const cleaner = createCleaner({
    retention: createSqliteRetention(store),
    withdrawable,
    keepSubject: (job) => keepSubject(job, { withdrawable, reader, dataDir }),
    policy: {
      highWatermark: config.dicom.disk.high_watermark,
      keepMin_ms: config.dicom.disk.keep_hours_min * HOUR_MS,
      keepMax_ms:
        config.dicom.retention.keep_days_max === null ? undefined : config.dicom.retention.keep_days_max * DAY_MS,
      keepPriors_ms: (config.priors?.keep_hours ?? 0) * HOUR_MS,
      withdrawable: {
        keep_ms: config.dicom.retention.withdrawable_days * DAY_MS,
        jobsMax: config.dicom.retention.withdrawable_max,
      },
    },
    dataDir,
    removal: intake.removal,
    gate: intake.gate,
    used: deps.diskUsed ?? (() => diskSpace(dataDir).used),
    expireQuarantine: () => intake.expire(),
    interval_ms: config.dicom.retention.interval_s * 1000,
    onRemoved(reason, bytes) {
      removed[reason] += 1;
      freedBytes += bytes;
    },
    ...{ now, after, log, checkpoint },
  });
  const loops = [cleaner, assembler, ...askers, priors.stage, dispatcher, reporter, withdrawer, ...lanes, commitment];
  const useReleases = (): void => {
    const routed = new Set(config.routes.map((route) => route.release));
    const wanted = releases.list().filter(({ ref }) => routed.has(ref.name));
    engine.want(wanted);
    for (const loop of [assembler, reporter]) loop.wake();
  };
  let endSwaps: () => void = () => undefined;
  let stopping = false;
  let comparing: Promise<void> = Promise.resolve();

  const comparison = createStartComparison({
    ...{ store, dataDir, intake, now, after, log },
    stopped: () => stopping,
  });

  return {
    sink,
    commitment: commitment.service,
    onAssociationEnded({ associationId, callingAeTitle, released }) {
      const studyInstanceUids = arrivals.ended(associationId);
      if (!released) return assembler.wake();
      assembler.released({ callingAeTitle, studyInstanceUids }).catch((error: unknown) => {
        // Not noted: the quiet time decides.
        log.event('study-stage-failed', { stage: 'assemble', reason: describeError(error) });
      });
    },
    async start() {
      await sweepIncoming(dataDir);
      await engine.sweep();
      await intake.removal.catchUp();
      await comparison.ofQuarantine();
      endSwaps = releases.onSwap(useReleases);
      for (const loop of loops) loop.start();
      useReleases();
      comparing = comparison.ofStudies();
    },
    async stop() {
      endSwaps();
      stopping = true;
      const ends = loops.map((loop) => loop.stop());
      await Promise.all([...ends, comparing]);
      await lane.close();
    },
    counts: () => ({
      instances: { received: seen.received, rejected: seen.rejected, quarantined: seen.quarantined },
      jobs: { ...jobs.counts(), inferred: seen.inferred, failed: seen.failed },
      deliveries: { pending: deliveries.pending(), delivered: seen.delivered, failed: seen.undelivered },
    }),
    latencies: () => list.latencies(LATENCIES_OVER),
    async retry(study) {
      const retried = await retryStudy(store, study, now());
      if (retried === undefined) return undefined;
      log.event('study-retried', { study, ...retried });
      for (const loop of [priors.stage, dispatcher, commitment, ...lanes]) loop.wake();
      return retried;
    },
    destinations: () => destinationFigures(config.destinations, lanes, deliveries.backlog(), now()),
    studies: (limit) => list.recent(limit),
    study: (id) => list.one(id),
    quarantine: intake.desk,
    heldStudies: () => holds.count(),
    awaitingPriors: () => priors.waiting(),
    policyFigures: () => ({
      ...{ conflicts, removed, freedBytes },
      withdrawableJobs: withdrawable.count(),
      quarantine: intake.desk.size(),
      held: holds.countByKind(),
    }),
    async prioritize(study, priority) {
      const changed = await prioritizeStudy(store, study, priorityOf[priority]);
      if (changed === undefined) return undefined;
      log.event('study-prioritized', { study, priority, jobs: changed });
      dispatcher.wake();
      return { jobs: changed };
    },
    tensors: engine.tensors,
    devices: () => engine.devices(),
  };
}

/** How the index names patients. With a new secret the old names mean nothing any more: better none than wrong ones. */
async function patientKeys({ store, dataDir, random }: StudyWayDeps): Promise<(patient: PatientIdentity) => string> {
  const { secret, fresh } = await readPatientSecret(dataDir, random);
  if (fresh) await forgetPatientKeys(store);
  return (patient) => patientKey(secret, patient);
}
