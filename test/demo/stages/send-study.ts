import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAssociation } from '@collimator/edge-agent/dimse/scu/store-scu';
import dicomParser from 'dicom-parser';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { writeMrSeries } from '../../fixtures/mr-series/make-series.ts';
import { checkPrograms, type Demo, firstAppliance, type Stage } from '../context.ts';
import { aeTitles } from '../layout.ts';
import { checkout } from '../checkout.ts';
import { runProgram } from '../programs.ts';
import { onPath } from '../on-path.ts';

const explicitLittleEndian = '1.2.840.10008.1.2.1';
const jpegLsLossless = '1.2.840.10008.1.2.4.80';

/** One study over two associations at once: every other slice as explicit little endian, the rest as JPEG-LS. */
export const sendStudy: Stage = {
  name: 'study',
  title: 'A study arrives',
  async run(demo, progress) {
    progress.update(undefined, 'writing the MR series');
    const folders = await makeSeries(demo);
    const halves = [
      { files: slices(folders.explicit).filter((_, i) => i % 2 === 0), syntax: explicitLittleEndian },
      { files: slices(folders.jpegls).filter((_, i) => i % 2 === 1), syntax: jpegLsLossless },
    ];
    const images = halves.reduce((sum, half) => sum + half.files.length, 0);
    const storescu = onPath('storescu');
    progress.update(undefined, `${images} images over 2 associations, sent by ${storescu ?? 'our own SCU'}`);
    const firstAt = performance.now();
    await Promise.all(
      halves.map((half) => (storescu === undefined ? sendByUs(demo, half) : sendByStorescu(demo, storescu, half))),
    );
    const lastAt = performance.now();
    checkPrograms(demo);
    demo.sent = { firstAt, lastAt };
    const received_ms = Math.round(lastAt - firstAt);
    demo.report.study = { images, received_ms, first_image_to_result_ms: 0, last_image_to_result_ms: 0 };
    return `${images} images acknowledged in ${received_ms} ms`;
  },
};

type Half = { readonly files: readonly string[]; readonly syntax: string };

const slices = (folder: string): string[] =>
  readdirSync(folder)
    .sort()
    .map((file) => join(folder, file));

async function makeSeries(demo: Demo): Promise<{ explicit: string; jpegls: string }> {
  const out = demo.layout.series;
  await writeMrSeries({ volume: join(checkout, 'test', 'fixtures', 'brain-t1', 't1.nii.gz'), out });
  return { explicit: join(out, 'explicit'), jpegls: join(out, 'jpegls') };
}

async function sendByStorescu(demo: Demo, storescu: string, half: Half): Promise<void> {
  const propose = half.syntax === jpegLsLossless ? '--propose-jls-lossless' : '--propose-little';
  const to = ['127.0.0.1', String(firstAppliance(demo).dicom)];
  const titles = ['--aetitle', aeTitles.modality, '--call', aeTitles.appliance];
  await runProgram(storescu, [...titles, propose, ...to, ...half.files], 'storescu', { signal: demo.signal });
}

async function sendByUs(demo: Demo, half: Half): Promise<void> {
  const mrImageStorage = '1.2.840.10008.5.1.4.1.1.4';
  const association = await openAssociation({
    host: '127.0.0.1',
    port: firstAppliance(demo).dicom,
    callingAeTitle: aeTitles.modality,
    calledAeTitle: aeTitles.appliance,
    contexts: [{ abstractSyntax: mrImageStorage, transferSyntaxes: [half.syntax] }],
  });
  for (const file of half.files) {
    const bytes = readFileSync(file);
    const header = dicomParser.parseDicom(bytes, { untilTag: 'x00080018' });
    const start = 132 + 12 + (header.uint32('x00020000') ?? 0);
    const answer = await association.store({
      sopClassUid: mrImageStorage,
      sopInstanceUid: header.string('x00080018') ?? '',
      transferSyntaxUid: half.syntax,
      dataSet: bytes.subarray(start),
    });
    if (answer.status !== 0) throw new CodedError('demo-command', `status ${answer.status.toString(16)} for ${file}`);
  }
  await association.release();
}
