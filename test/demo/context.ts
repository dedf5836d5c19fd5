import type { HubClient } from '@collimator/provisioning/operator/hub-client';
import type { Progress } from '@collimator/shared/cli/progress';
import type { Pacs } from './configs.ts';
import { type Layout, type Ports, serials } from './layout.ts';
import { collimator } from './checkout.ts';
import { type Program, type ProgramSpec, startProgram } from './programs.ts';
import type { GrowingReport } from './report.ts';

/** What the stages share: where things are, which programs run, and the report that grows. */
export type Demo = {
  readonly layout: Layout;
  readonly ports: Ports;
  readonly pacs: Pacs;
  /** Our own receiver plays the PACS, because none was named. */
  readonly ownPacs: boolean;
  readonly programs: Program[];
  readonly report: GrowingReport;
  /** The operator's connection, once the hub has its authority. */
  hub?: HubClient;
  /** When the first image went out and the last was acknowledged, by this process's clock. */
  sent?: { readonly firstAt: number; readonly lastAt: number };
  readonly signal: AbortSignal;
  /** A service manager stands behind the programs: what dies is started again. Fault tests switch it on. */
  readonly restart: boolean;
  /** Environment of single programs, for fault tests. */
  readonly env: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

/** One stage of the loop: what it does, and a last line that says what came of it. */
export type Stage = {
  readonly name: string;
  readonly title: string;
  readonly run: (demo: Demo, progress: Progress) => Promise<string>;
};

export const hubArgs = (demo: Demo): string[] => [collimator, 'hub', 'start', '--config', demo.layout.hubConfig];
export const agentArgs = (demo: Demo, serial: string): string[] => [
  collimator,
  'agent',
  'start',
  '--config',
  demo.layout.appliance(serial).config,
];

/** Starts a long-running program of the demo and keeps it for the end. */
export function launch(demo: Demo, spec: ProgramSpec): Program {
  const env = { ...demo.env[spec.name], ...spec.env };
  const program = startProgram({ ...spec, restart: demo.restart, env }, demo.layout.logs);
  demo.programs.push(program);
  return program;
}

/** Throws when any program of the demo has died. */
export const checkPrograms = (demo: Demo): void => {
  for (const program of demo.programs) program.check();
};

export const firstAppliance = (demo: Demo) => {
  const [serial] = serials;
  const [port] = demo.ports.appliances;
  if (port === undefined) throw new Error('the demo has no appliance');
  return { serial, ...port, ...demo.layout.appliance(serial) };
};

/** The operator's connection to the hub. */
export function operator(demo: Demo): HubClient {
  if (demo.hub === undefined) throw new Error('the hub was not started yet');
  return demo.hub;
}
