import { describeError } from '@collimator/shared/errors/coded-error';
import { aeTitles, type Layout, type Ports } from './layout.ts';
import type { Pacs } from './configs.ts';
import type { Demo, Stage } from './context.ts';
import { type DemoReport, emptyReport } from './report.ts';
import { createStageView, type StageView } from './stage-view.ts';
import { awaitResults } from './stages/await-results.ts';
import { provisionAppliances } from './stages/provision-appliances.ts';
import { rollOutModel } from './stages/roll-out-model.ts';
import { seeTelemetry } from './stages/see-telemetry.ts';
import { sendStudy } from './stages/send-study.ts';
import { signModel } from './stages/sign-model.ts';
import { startHub } from './stages/start-hub.ts';
import { trainModel } from './stages/train-model.ts';

export type DemoOptions = {
  readonly layout: Layout;
  readonly ports: Ports;
  readonly signal: AbortSignal;
  /** Where results go; our own receiver when not given. */
  readonly pacs?: Pacs;
  /** Leave everything running after the loop until the signal. */
  readonly stay?: boolean;
  readonly restart?: boolean;
  readonly env?: Demo['env'];
};

/** The whole loop, in the order of the two ways through the house. */
export const stages: readonly Stage[] = [
  startHub,
  provisionAppliances,
  trainModel,
  signModel,
  rollOutModel,
  sendStudy,
  awaitResults,
  seeTelemetry,
];

export const createDemo = (options: DemoOptions): Demo => ({
  layout: options.layout,
  ports: options.ports,
  pacs: options.pacs ?? { aeTitle: aeTitles.pacs, host: '127.0.0.1', port: options.ports.pacs },
  ownPacs: options.pacs === undefined,
  programs: [],
  report: emptyReport(),
  signal: options.signal,
  restart: options.restart ?? false,
  env: options.env ?? {},
});

/** Runs every stage; stops all programs in the end. A failed stage ends the loop and is told in the report. */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const demo = createDemo(options);
  const started = performance.now();
  process.stderr.write(`Everything lies in ${demo.layout.root}\n`);
  try {
    await runStages(demo, stages, createStageView(stages.length));
    demo.report.ok = true;
    demo.report.wall_s = seconds(started);
    process.stderr.write(`The loop has closed in ${demo.report.wall_s} s.\n`);
    if (options.stay === true) await stay(demo);
  } catch (error) {
    demo.report.error = describeError(error);
    demo.report.wall_s = seconds(started);
  } finally {
    await stopAll(demo);
  }
  return demo.report;
}

/** Runs stages one after the other and notes how long each took. */
export async function runStages(demo: Demo, some: readonly Stage[], view: StageView): Promise<void> {
  for (const stage of some) {
    demo.signal.throwIfAborted();
    const begun = performance.now();
    const progress = view.stage(stage.name, stage.title);
    const text = await stage.run(demo, progress);
    const ms = Math.round(performance.now() - begun);
    demo.report.stages.push({ name: stage.name, ms });
    progress.finish(`${text} (${(ms / 1000).toFixed(1)} s)`);
  }
}

/** The programs end in the opposite order of their start, so that nobody's peer goes first. */
export async function stopAll(demo: Demo): Promise<void> {
  await demo.hub?.close();
  for (const program of [...demo.programs].reverse()) await program.stop();
}

function stay(demo: Demo): Promise<void> {
  const { ports, layout } = demo;
  const lines = [
    `  hub             https://127.0.0.1:${ports.hubHttp}/openapi.json  (operator token: ${layout.authority}/operator.token)`,
    ...ports.appliances.map(
      (a, i) =>
        `  appliance ${i + 1}     DICOM ${aeTitles.appliance}@127.0.0.1:${a.dicom}, http://127.0.0.1:${a.localApi}/v1/status`,
    ),
    `  PACS            ${demo.pacs.aeTitle}@${demo.pacs.host}:${demo.pacs.port}`,
    'Everything is left running. Ctrl-C stops it.',
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
  return new Promise((resolve) => {
    demo.signal.addEventListener('abort', () => resolve(), { once: true });
    if (demo.signal.aborted) resolve();
  });
}

const seconds = (since: number): number => Math.round((performance.now() - since) / 100) / 10;
