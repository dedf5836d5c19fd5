import type { Figure, SchedulerRun } from './bench.ts';
import { ours, reference } from './contestants.ts';
import type { Estimate } from './statistics.ts';

const panel = { width: 310, rowHeight: 20, top: 34, gap: 26, left: 235, right: 36 } as const;
const axis_s = { from: 0.1, to: 100 } as const;

/**
 * Times of STAT and of all jobs by scenario and load, of the first workload there is: a panel each, a line for each scheduler, with its median (ring)
 * and 99th percentile (dot) on a logarithmic axis. An SVG document.
 */
export function plotOf(all: readonly SchedulerRun[]): string {
  const runs = all.filter(({ workload }) => workload === all[0]?.workload);
  const loads = [...new Set(runs.map(({ load }) => load))];
  const scenarios = [...new Set(runs.map(({ scenario }) => scenario))];
  const contestants = [...new Set(runs.map(({ contestant }) => contestant))];
  const rows = scenarios.flatMap((scenario) =>
    (['stat', 'all'] as const)
      .filter((whose) => whose === 'stat' || scenario === 'plain')
      .map((whose) => ({ scenario, whose })),
  );
  const height = panel.top + contestants.length * panel.rowHeight + panel.gap;
  const panels = rows.flatMap(({ scenario, whose }, row) =>
    loads.map((load, column) => {
      const of = runs.filter((run) => run.scenario === scenario && run.load === load);
      const title = `${scenario}, load ${load}: ${whose === 'stat' ? 'STAT jobs' : 'all jobs'}`;
      const x = panel.left + column * (panel.width + panel.right);
      return `<g transform="translate(${x} ${60 + row * height})">${panelOf(title, of, whose, column === 0)}</g>`;
    }),
  );
  const size = {
    width: panel.left + loads.length * (panel.width + panel.right),
    height: 70 + rows.length * height,
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" font-family="system-ui, sans-serif" font-size="12" fill="#222">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    '<text x="16" y="24" font-size="16" font-weight="600">Time from the arrival of a job until it is done</text>',
    '<text x="16" y="44">seconds, logarithmic · ring: median · dot: 99th percentile · bar: 95 % interval over the seeds · arrow: grows without bound or beyond the axis</text>',
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

function panelOf(title: string, runs: readonly SchedulerRun[], whose: 'stat' | 'all', labelled: boolean): string {
  const bottom = panel.top + runs.length * panel.rowHeight;
  const decades = [0.1, 1, 10, 100];
  const grid = decades.map(
    (value) =>
      `<line x1="${at(value)}" x2="${at(value)}" y1="${panel.top - 8}" y2="${bottom}" stroke="#ddd"/><text x="${at(value)}" y="${bottom + 13}" text-anchor="middle" font-size="10" fill="#666">${value}</text>`,
  );
  const lines = runs.map((run, index) => {
    const y = panel.top + index * panel.rowHeight + 4;
    const p99 = run.figures[`${whose}_p99_s` satisfies Figure];
    const p50 = run.figures[`${whose}_p50_s` satisfies Figure];
    const bold = run.contestant === ours ? ' font-weight="600"' : '';
    const label = labelled ? `<text x="-10" y="${y + 4}" text-anchor="end"${bold}>${run.contestant}</text>` : '';
    const grows = run.unstable && whose === 'all';
    return label + (grows ? arrow(y, colourOf(run)) : marks(p50, p99, y, colourOf(run)));
  });
  return [`<text x="0" y="12" font-weight="600">${title}</text>`, ...grid, ...lines].join('');
}

function marks(p50: Estimate, p99: Estimate, y: number, colour: string): string {
  if (p99.mean > axis_s.to) return arrow(y, colour);
  const bar = ({ mean, low, high }: Estimate): string => {
    const [from, to] = [Number.isFinite(low) ? low : mean, Number.isFinite(high) ? high : mean];
    return `<line x1="${at(from)}" x2="${at(to)}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="5" stroke-opacity="0.35"/>`;
  };
  return [
    `<line x1="${at(p50.mean)}" x2="${at(p99.mean)}" y1="${y}" y2="${y}" stroke="${colour}" stroke-opacity="0.5"/>`,
    bar(p50),
    bar(p99),
    `<circle cx="${at(p50.mean)}" cy="${y}" r="4" fill="#fff" stroke="${colour}" stroke-width="1.5"/>`,
    `<circle cx="${at(p99.mean)}" cy="${y}" r="4" fill="${colour}"/>`,
  ].join('');
}

const arrow = (y: number, colour: string): string =>
  `<path d="M${panel.width - 10} ${y - 5}l9 5l-9 5z" fill="${colour}"/>`;

const colourOf = ({ contestant }: SchedulerRun): string =>
  contestant === ours ? '#0b6e4f' : contestant === reference ? '#1f4e9c' : '#8a8a8a';

function at(value_s: number): number {
  const bounded = Math.min(axis_s.to, Math.max(axis_s.from, value_s));
  const share = Math.log(bounded / axis_s.from) / Math.log(axis_s.to / axis_s.from);
  return Math.round(share * panel.width * 10) / 10;
}
