import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentStatus, StudyList } from '@collimator/shared/contracts/local-api';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { readLog } from '../../fakes/received-log.ts';
import { checkPrograms, type Demo, firstAppliance, type Stage } from '../context.ts';
import {
  isReport,
  isSegmentation,
  readResult,
  reportedVolumeMl,
  type ResultObject,
  segmentedVolumeMl,
} from '../result-objects.ts';
import { waitFor } from '../wait.ts';

const resultMsMax = 180_000;
/** Volumes in SR are decimal strings; 1 mm³ apart is the same. */
const volumeToleranceMl = 0.001;

/** Complete, queued, inferred in a child process, written as SEG and SR, delivered. */
export const awaitResults: Stage = {
  name: 'infer',
  title: 'Inference and delivery',
  async run(demo, progress) {
    await waitFor(
      async () => {
        const study = await studyState(demo);
        progress.update(undefined, study.text);
        if (study.failed !== undefined) throw new CodedError('demo-command', study.failed);
        return study.delivered ? true : undefined;
      },
      { what: 'the results', timeoutMs: resultMsMax, check: () => checkPrograms(demo), signal: demo.signal },
    );
    noteDelivered(demo);
    const objects = demo.ownPacs ? await receivedObjects(demo) : storedObjects(demo);
    const volume = checkResults(objects);
    demo.report.results = objects.map(({ path, sop_class_uid, sop_instance_uid }) => ({
      path,
      sop_class_uid,
      sop_instance_uid,
    }));
    demo.report.brain_volume_ml = volume;
    demo.report.balance = await balanceOf(demo);
    const shared = demo.report.balance.map(({ device, slices }) => `${slices} slices on ${device}`).join(', ');
    return `SEG and SR are in the PACS: brain volume ${volume.toFixed(1)} mL (${shared})`;
  },
};

/** From the first and from the last image sent, to the delivery of the last result; the sender's clock. */
function noteDelivered(demo: Demo): void {
  const { study } = demo.report;
  if (study === null || demo.sent === undefined) throw new Error('no study was sent');
  const now = performance.now();
  demo.report.study = {
    ...study,
    first_image_to_result_ms: Math.round(now - demo.sent.firstAt),
    last_image_to_result_ms: Math.round(now - demo.sent.lastAt),
  };
}

async function studyState(demo: Demo): Promise<{ text: string; delivered: boolean; failed: string | undefined }> {
  const answer = await fetch(`http://127.0.0.1:${firstAppliance(demo).localApi}/v1/studies`);
  const study = ((await answer.json()) as StudyList).studies[0];
  if (study === undefined) return { text: 'no study yet', delivered: false, failed: undefined };
  const job = study.jobs[0];
  const sent = study.deliveries.filter((delivery) => delivery.state === 'sent');
  return {
    text: `${study.instances} images, ${job === undefined ? study.state : `job ${job.state}`}, ${sent.length} results delivered`,
    delivered: study.deliveries.length > 0 && sent.length === study.deliveries.length,
    failed: job?.state === 'failed' ? `the job failed: ${job.code ?? ''}` : undefined,
  };
}

/** What each device of the appliance has done of the study. */
async function balanceOf(demo: Demo): Promise<Demo['report']['balance']> {
  const answer = await fetch(`http://127.0.0.1:${firstAppliance(demo).localApi}/v1/status`);
  const { devices } = (await answer.json()) as AgentStatus;
  return devices.map(({ name, tasks, items, speeds }) => ({
    ...{ device: name, tasks, slices: items },
    slice_ms: speeds[0]?.item_ms ?? null,
  }));
}

/** What our own receiver holds. Whatever came twice must have come with the same bytes. */
async function receivedObjects(demo: Demo): Promise<ResultObject[]> {
  const lines = (await readLog(join(demo.layout.pacs, 'log.jsonl'))).filter((line) => line.type === 'instance');
  const changed = lines.filter((line) => !line.bytesEqual);
  if (changed.length > 0) throw new CodedError('demo-wrong-result', `${changed.length} repeats with other bytes`);
  const files = new Set(lines.map((line) => line.file));
  return [...files].map((file) => readResult(join(demo.layout.pacs, file)));
}

/** What the appliance keeps of what it sent: with a PACS of somebody else, that is what we can read. */
function storedObjects(demo: Demo): ResultObject[] {
  const folder = join(firstAppliance(demo).data, 'results');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.dcm'));
  return files.map((file) => readResult(join(folder, file)));
}

/** One SEG, one SR, and the SR's volume is that of the SEG. Returns the volume in mL. */
function checkResults(objects: readonly ResultObject[]): number {
  const segmentations = objects.filter(isSegmentation);
  const reports = objects.filter(isReport);
  const [segmentation] = segmentations;
  const [report] = reports;
  if (segmentation === undefined || report === undefined || objects.length !== 2) {
    throw new CodedError(
      'demo-wrong-result',
      `${segmentations.length} SEG and ${reports.length} SR among ${objects.length} objects`,
    );
  }
  const segmented = segmentedVolumeMl(segmentation.dataSet);
  const reported = reportedVolumeMl(report.dataSet);
  if (reported === undefined || Math.abs(reported - segmented) > volumeToleranceMl) {
    throw new CodedError('demo-wrong-result', `the SR says ${reported} mL, the SEG holds ${segmented} mL`);
  }
  return reported;
}
