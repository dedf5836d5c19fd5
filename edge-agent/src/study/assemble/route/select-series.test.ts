import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orientationOf } from './orientation.ts';
import { type Condition, failedConditions, type SeriesFacts, selectForRoute } from './select-series.ts';
import { exampleSeries } from '../testing/example-series.ts';

const mr = '1.2.840.10008.5.1.4.1.1.4';
const series = exampleSeries({
  bodyPart: 'Head',
  description: 'Ax T1 MPRAGE',
  sopClassUids: [mr],
  orientations: ['axial'],
  patientKeys: [],
  studies: 1,
  slices: 100,
  thinnest_mm: 1,
  thickest_mm: 1.5,
  thicknessMissing: false,
});

describe('whether a series is for a release', () => {
  it.each<[string, Parameters<typeof failedConditions>[0], Partial<SeriesFacts>, Condition[]]>([
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
    ['thickness', { thickness_mm: { min: 1, max: 1.5 } }, {}, []],
    ['one slice too thick', { thickness_mm: { max: 1.4 } }, {}, ['slices-too-thick']],
    ['one slice too thin', { thickness_mm: { min: 1.1 } }, {}, ['slices-too-thin']],
    ['one slice of unknown thickness', { thickness_mm: { max: 3 } }, { thicknessMissing: true }, ['thickness-unknown']],
    ['source', { source: ['PACS1', 'CT1'] }, {}, []],
    ['one image of another source', { source: ['PACS1'] }, { sources: ['PACS1', 'CT1'] }, ['source']],
    ['everything wrong is told', { modality: ['CT'], body_part: ['KNEE'] }, {}, ['modality', 'body-part']],
  ])('%s', (_, selector, facts, reasons) => {
    expect(failedConditions(selector, { ...series, ...facts })).toEqual(reasons);
  });

  it('takes what both its release and its route ask for, and tells whose condition failed', () => {
    expect(selectForRoute({ modality: ['MR'] }, { source: ['PACS1'] }, series)).toEqual({
      selected: true,
      reasons: [],
    });
    expect(selectForRoute({ modality: ['CT'] }, { modality: ['CT'] }, series)).toEqual({
      selected: false,
      reasons: ['modality', 'route:modality'],
    });
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
