import type { ElementValues } from './element-values.ts';
import type { FrameLabels } from './frame-labels.ts';
import type { FrameValues } from './functional-groups.ts';

const FRAME_CONTENT = 'x00209111';
const MR_ECHO = 'x00189114';
const MR_DIFFUSION = 'x00189117';
const MR_FRAME_TYPE = 'x00189226';
const CARDIAC_SYNCHRONIZATION = 'x00189118';

/** The labels of a frame: of an enhanced image from its functional groups, else the attributes of single-frame images. */
export function labelsOf({ group, plain }: FrameValues): FrameLabels {
  const first = (read: (values: ElementValues) => string | undefined): string | undefined => {
    for (const values of plain) {
      const found = read(values);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const content = group(FRAME_CONTENT);
  const diffusion = group(MR_DIFFUSION);
  return {
    distinct: given({
      stacks: content?.text('x00209056'),
      'temporal positions': shown(content?.long('x00209128')) ?? first((values) => values.text('x00200100')),
      echoes:
        shown(group(MR_ECHO)?.doubles('x00189082')[0]) ??
        first((values) => values.text('x00180086') ?? values.text('x00180081')),
      'b-values': shown(diffusion?.doubles('x00189087')[0]) ?? first((values) => shown(values.doubles('x00189087')[0])),
      'diffusion directions':
        direction(diffusion?.items('x00189076')[0]) ??
        first((values) => direction(values) ?? direction(values.items('x00189076')[0])),
      'image components': group(MR_FRAME_TYPE)?.text('x00089208'),
    }),
    varying: given({
      'trigger times':
        shown(group(CARDIAC_SYNCHRONIZATION)?.doubles('x00209153')[0]) ?? first((values) => values.text('x00181060')),
      acquisitions: shown(content?.unsigned('x00209156')) ?? first((values) => values.text('x00200012')),
      'image types': first((values) => values.text('x00080008')),
    }),
  };
}

const shown = (value: number | undefined): string | undefined => (value === undefined ? undefined : String(value));

function direction(values: ElementValues | undefined): string | undefined {
  const parts = values?.doubles('x00189089') ?? [];
  return parts.length === 0 ? undefined : parts.join(' ');
}

/** Without the values that are not there. */
function given<Name extends string>(
  values: Readonly<Record<Name, string | undefined>>,
): Readonly<Partial<Record<Name, string>>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Record<Name, string>
  >;
}
