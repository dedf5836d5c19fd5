import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orientationOf } from './orientation.ts';
import { type Reason, type SeriesFacts, selectSeries } from './select-series.ts';

const mr = '1.2.840.10008.5.1.4.1.1.4';
const series: SeriesFacts = {
  seriesId: 1,
  modality: 'MR',
  bodyPart: 'Head',
  description: 'Ax T1 MPRAGE',
  sopClassUids: [mr],
  orientations: ['axial'],
  patientKeys: [],
  studies: 1,
  slices: 100,
  through: 100,
};

describe('whether a series is for a release', () => {
  it.each<[string, Parameters<typeof selectSeries>[0], Partial<SeriesFacts>, Reason[]]>([
    ['no condition takes everything', {}, {}, []],
    ['modality', { modality: ['MR', 'CT'] }, {}, []],
    ['another modality', { modality: ['CT'] }, {}, ['modality']],
    ['body part in any case', { body_part: ['HEAD'] }, {}, []],
    ['a body part that is absent', { body_part: ['HEAD'] }, { bodyPart: '' }, ['body-part']],
    ['SOP class', { sop_classes: [mr] }, {}, []],
    ['one image of another class', { sop_classes: [mr] }, { sopClassUids: [mr, '1.2.3'] }, ['sop-class']],
    ['description with inline flags', { series_description: '(?i)t1' }, {}, []],
    ['description without them', { series_description: 't1' }, {}, ['series-description']],
    ['a pattern that is none', { series_description: '(' }, {}, ['series-description-pattern-invalid']],
    ['too few', { slices: { min: 101, max: 200 } }, {}, ['slices-too-few']],
    ['too many', { slices: { min: 1, max: 99 } }, {}, ['slices-too-many']],
    ['the bounds themselves', { slices: { min: 100, max: 100 } }, {}, []],
    ['orientation', { orientation: ['axial'] }, {}, []],
    ['a scout among them', { orientation: ['axial'] }, { orientations: ['axial', 'sagittal'] }, ['orientation']],
    ['no orientation at all', { orientation: ['axial'] }, { orientations: [''] }, ['orientation']],
    ['everything wrong is told', { modality: ['CT'], body_part: ['KNEE'] }, {}, ['modality', 'body-part']],
  ])('%s', (_, selector, facts, reasons) => {
    expect(selectSeries(selector, { ...series, ...facts })).toEqual({ selected: reasons.length === 0, reasons });
  });
});

describe('orientation from direction cosines', () => {
  it.each([
    ['axial', [1, 0, 0, 0, 1, 0]],
    ['axial', [-1, 0, 0, 0, -1, 0]],
    ['coronal', [1, 0, 0, 0, 0, -1]],
    ['sagittal', [0, 1, 0, 0, 0, -1]],
    ['axial', [1, 0, 0, 0, 0.94, 0.342]],
    ['oblique', [1, 0, 0, 0, Math.SQRT1_2, Math.SQRT1_2]],
    [undefined, [1, 0, 0, 1, 0, 0]],
    [undefined, [1, 0, 0]],
    [undefined, [1, 0, 0, 0, Number.NaN, 0]],
  ])('%s from %j', (expected, cosines) => {
    expect(orientationOf(cosines)).toBe(expected);
  });

  it('does not depend on the direction in which rows or columns run', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: Math.PI, noNaN: true }), fc.boolean(), (tilt, turned) => {
        const sign = turned ? -1 : 1;
        const column = [0, Math.cos(tilt), Math.sin(tilt)];
        const straight = orientationOf([1, 0, 0, ...column]);
        expect(orientationOf([sign, 0, 0, ...column.map((part) => -part)])).toBe(straight);
        expect(['axial', 'coronal', 'oblique']).toContain(straight);
      }),
    );
  });
});
