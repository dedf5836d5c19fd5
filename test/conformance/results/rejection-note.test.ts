import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildRejectionNote,
  type RejectionReason,
  rejectionTitles,
} from '@collimator/edge-agent/study/result/rejection-note';
import { buildStatusReport } from '@collimator/edge-agent/study/result/report/status-report';
import { exampleContext, exampleUids } from '@collimator/edge-agent/study/result/testing/example-input';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTestSeries, type TestSeries } from './series.ts';
import { dciodvfy, pydicom, runTool } from './tools.ts';

const readNote = `
import sys, json, pydicom
ko, source = [pydicom.dcmread(f) for f in sys.argv[1:]]
evidence = ko.CurrentRequestedProcedureEvidenceSequence
print(json.dumps({
    'title': ko.ConceptNameCodeSequence[0].CodeValue,
    'modality': ko.Modality,
    'patient': [ko.PatientID, str(ko.PatientName), ko.StudyInstanceUID] == [source.PatientID, str(source.PatientName), source.StudyInstanceUID],
    'study': [item.StudyInstanceUID for item in evidence] == [source.StudyInstanceUID],
    'evidence': sorted([series.SeriesInstanceUID, sop.ReferencedSOPInstanceUID] for series in evidence[0].ReferencedSeriesSequence for sop in series.ReferencedSOPSequence),
    'content': [[item.ValueType, item.ReferencedSOPSequence[0].ReferencedSOPClassUID, item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID] for item in ko.ContentSequence if item.ValueType in ('IMAGE', 'COMPOSITE')],
    'text': [item.TextValue for item in ko.ContentSequence if item.ValueType == 'TEXT' and item.RelationshipType == 'CONTAINS'],
}))
`;

const readPredecessors = `
import sys, json, pydicom
sr = pydicom.dcmread(sys.argv[1])
print(json.dumps([[item.StudyInstanceUID == sr.StudyInstanceUID, series.SeriesInstanceUID, sop.ReferencedSOPInstanceUID] for item in sr.PredecessorDocumentsSequence for series in item.ReferencedSeriesSequence for sop in series.ReferencedSOPSequence]))
`;

describe('what takes results back', () => {
  let series: TestSeries;
  const path = (name: string): string => join(series.folder, name);
  beforeAll(async () => {
    series = await makeTestSeries();
  });
  afterAll(() => series.remove());

  const rejected = [
    { sopClassUid: sopClasses.segmentation, sopInstanceUid: '2.25.11', seriesInstanceUid: '2.25.10' },
    { sopClassUid: sopClasses.comprehensiveSr, sopInstanceUid: '2.25.21', seriesInstanceUid: '2.25.20' },
    { sopClassUid: sopClasses.secondaryCapture, sopInstanceUid: '2.25.31', seriesInstanceUid: '2.25.30' },
    { sopClassUid: sopClasses.secondaryCapture, sopInstanceUid: '2.25.32', seriesInstanceUid: '2.25.30' },
  ];

  it.each(Object.keys(rejectionTitles) as RejectionReason[])(
    'a rejection note says which and why (%s)',
    async (reason) => {
      const file = path(`${reason}.dcm`);
      const { now, device } = exampleContext();
      const note = buildRejectionNote({
        ...{ now, device, reason, rejected, subject: series.subject },
        uids: { kos: '2.25.105', kosSeries: '2.25.106' },
        description: 'Replaced: images came late',
      });
      writeFileSync(file, note);
      expect(await dciodvfy(file)).toMatchObject({ exit: 0, errors: [] });
      const dumped = await runTool('dsrdump', [file]);
      expect(dumped.exit).toBe(0);
      expect(dumped.output).toContain(rejectionTitles[reason].meaning);
      // dcmtk says of itself that it has no constraints for this template yet.
      expect(dumped.output.replace('W: Check for template constraints not yet supported', '')).not.toMatch(/^[EW]:/m);
      expect(await pydicom(readNote, file, series.files.explicit[0] as string)).toEqual({
        title: rejectionTitles[reason].code,
        modality: 'KO',
        patient: true,
        study: true,
        evidence: rejected.map((one) => [one.seriesInstanceUid, one.sopInstanceUid]),
        content: rejected.map((one) => [
          one.sopClassUid === sopClasses.comprehensiveSr ? 'COMPOSITE' : 'IMAGE',
          one.sopClassUid,
          one.sopInstanceUid,
        ]),
        text: ['Replaced: images came late'],
      });
    },
  );

  it('a report names the reports that it takes the place of', async () => {
    const file = path('second.dcm');
    const predecessors = rejected.slice(1, 2);
    const report = buildStatusReport({
      ...exampleContext(series.subject),
      ...{ uids: exampleUids, sources: series.volume.slices, predecessors },
      ...{ outcome: 'no-finding', reason: 'nothing marked' },
    });
    writeFileSync(file, report);
    expect(await dciodvfy(file)).toMatchObject({ exit: 0, errors: [] });
    expect(await pydicom(readPredecessors, file)).toEqual([[true, '2.25.20', '2.25.21']]);
  });

  it('nothing to reject, or no study, is no note', () => {
    const { now, device } = exampleContext();
    const uids = { kos: '2.25.105', kosSeries: '2.25.106' };
    const input = { now, device, uids, reason: 'quality', description: 'x' } as const;
    expect(() => buildRejectionNote({ ...input, subject: series.subject, rejected: [] })).toThrow(RangeError);
    expect(() => buildRejectionNote({ ...input, subject: [], rejected })).toThrow(RangeError);
  });
});
