import { machineLine, markdownGoals, markdownTable, plainGoals, plainTable, rounded, summaryOf } from '../report.ts';
import type { DicomReport } from './bench.ts';
import { ratios } from './goals.ts';
import type { Run } from './measure.ts';
import { serverNames } from './servers.ts';

const head = ['load', 'associations', 'server', 'images/s', 'spread', 'MB/s', 'CPU ms/image', 'RSS MB'] as const;

/** A line for each load, number of associations and server: medians over the repetitions. */
function lines(runs: readonly Run[]): string[][] {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const key = `${run.load}\n${run.associations}\n${serverNames.indexOf(run.server)}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.entries()]
    .toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([, group]) => {
      const of = (figure: 'images_per_s' | 'mb_per_s' | 'cpu_ms_per_image' | 'rss_mb') =>
        summaryOf(group.map((run) => run[figure]));
      const rate = of('images_per_s');
      const { load, associations, server } = group[0] as Run;
      return [
        load,
        String(associations),
        server,
        rate.median.toFixed(0),
        `${rate.lowest.toFixed(0)} – ${rate.highest.toFixed(0)}`,
        of('mb_per_s').median.toFixed(0),
        of('cpu_ms_per_image').median.toFixed(2),
        of('rss_mb').highest.toFixed(0),
      ];
    });
}

const ratioHead = ['ours ÷', 'associations', 'images/s', 'CPU/image'] as const;

/** Ours beside each peer, those without goals as well: medians of the repetitions. */
const ratioLines = ({ runs, size }: DicomReport): string[][] =>
  serverNames
    .filter((peer) => peer !== 'collimator' && runs.some(({ server }) => server === peer))
    .flatMap((peer) =>
      size.associations.map((associations) => [
        peer,
        String(associations),
        summaryOf(ratios(runs, 'images_per_s', peer, associations)).median.toFixed(2),
        summaryOf(ratios(runs, 'cpu_ms_per_image', peer, associations)).median.toFixed(2),
      ]),
    );

const facts = ({ size, fsync_ms, large }: DicomReport): string[] => [
  `${size.images} images of ${size.edge}×${size.edge}×16 bit for each number of associations, ${size.studyFiles} files of 14 studies over 4; ${size.repetitions} repetitions, servers in turn`,
  `fdatasync of 4 KiB on this disk: median ${rounded(fsync_ms.median)} ms (${rounded(fsync_ms.lowest)} – ${rounded(fsync_ms.highest)})`,
  `one object of ${(large.bytes / 1e6).toFixed(0)} MB: peak RSS ${large.rss_mb} MB (${large.rss_before_mb} MB before it came)`,
];

export const plainReport = (report: DicomReport): string =>
  [
    plainTable(head, lines(report.runs)),
    '',
    plainTable(ratioHead, ratioLines(report)),
    '',
    ...facts(report),
    '',
    plainGoals(report.goals),
    '',
  ].join('\n');

/** A block for RESULTS.md. */
export const markdownReport = (report: DicomReport): string =>
  [
    '## Receiving: `npm run bench:dicom`',
    `${report.date.slice(0, 10)}, ${machineLine(report.machine)}, commit ${report.commit}.`,
    ...facts(report).map((fact) => `- ${fact}`),
    '',
    markdownGoals(report.goals),
    '',
    'Medians; RSS is the highest of all processes of a server together.',
    '',
    markdownTable(head, lines(report.runs)),
    '',
    markdownTable(ratioHead, ratioLines(report)),
    '',
  ].join('\n');
