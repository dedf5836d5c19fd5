import type { ResultObject } from '@collimator/shared/contracts/agent-config';
import type { Code } from '@collimator/shared/contracts/release';
import { EQUIPMENT, INSTANCE_CREATOR_UID } from '@collimator/shared/dicom/uids';
import { attestationCodes } from '../../study/result/report/qualitative-evaluations.ts';
import { rejectionTitles } from '../../study/result/rejection-note.ts';
import { blocks, table } from '../markdown.ts';
import { contentTree } from './content-tree.ts';
import { attributeTable, copiedAttributes } from './created-objects.ts';
import type { ExampleObjects } from './example-objects.ts';
import { madeClasses } from './product.ts';

/** Which examples show a kind of result, and what is said of it. A kind that gets no line does not compile. */
const kinds: Readonly<Record<ResultObject, { readonly of: readonly (keyof ExampleObjects)[]; readonly what: string }>> =
  {
    SEG: {
      of: ['segmentation', 'fractional'],
      what: 'Segmentation, binary or of probabilities (`routes[].segmentation`)',
    },
    SR: { of: ['report', 'report3d'], what: 'Measurement report after TID 1500 (`routes[].report`)' },
    SC: { of: ['secondaryCapture'], what: 'Secondary capture of key images' },
    GSPS: { of: ['presentationState'], what: 'Presentation state with outlines' },
    PM: { of: ['parametricMap'], what: 'Parametric map of probabilities' },
  };

export const madeClassTable = (objects: ExampleObjects): string =>
  table(
    ['SOP class', 'UID', '`routes[].objects`'],
    madeClasses(objects).map(({ name, sopClassUid }) => [name, sopClassUid, kindOf(objects, sopClassUid)]),
  );

function kindOf(objects: ExampleObjects, sopClassUid: string): string {
  const found = Object.entries(kinds).find(([, { of }]) =>
    of.some((key) => madeClasses({ ...objects, segmentation: objects[key] })[0]?.sopClassUid === sopClassUid),
  );
  return found?.[0] ?? 'none: made where results are withdrawn';
}

/** PS3.2 §A.8.1: the contents of the objects that are made. */
export function objectsSection(one: ExampleObjects, other: ExampleObjects): string {
  const shown = (key: keyof ExampleObjects): string => attributeTable(one[key], other[key]);
  return blocks(
    '### 8.1 Contents of created objects',
    'Each table is of what the builders of the product write. *Generated* is a value of the appliance, the release, the clock or the pixels; a value in `code` is always the same; *empty* is present without a value. Sequences are listed without their items; what they hold is that of the IOD in PS3.3.',
    `Every object has Instance Creator UID \`${INSTANCE_CREATOR_UID}\`, and Manufacturer and Manufacturer's Model Name \`${EQUIPMENT.manufacturer}\` and \`${EQUIPMENT.model}\` in its equipment; all but key objects name the same in Contributing Equipment Sequence with the release, its version and digests. By any of them, and by its SOP Instance UID, an object of ours that comes back is known and not processed.`,
    remoteText(),
    '#### 8.1.1 Attributes copied from the source',
    'Patient, study, clinical trial and frame of reference attributes are copied byte for byte from the images that the result is of, with their character set, where the images have them. Those of type 2 are present without a value where the images lack them. Private attributes are not copied, but for those inside copied sequences.',
    copiedAttributes(),
    '#### 8.1.2 Segmentation',
    shown('segmentation'),
    'With `segmentation: probability`:',
    shown('fractional'),
    '#### 8.1.3 Comprehensive SR and Comprehensive 3D SR',
    shown('report'),
    'Comprehensive 3D SR differs in SOP Class UID and in its regions. Predecessor Documents Sequence is there where the report takes the place of an earlier one. The content of a report with a segmentation, for one segment (codes of finding, site and measurements are those that the release declares):',
    contentTree(one.report),
    'In Comprehensive 3D SR the region stands in the coordinates of the patient (SCOORD3D, POLYGON). Where the route sends no segmentation:',
    contentTree(one.reportWithoutSegmentation),
    'Of a classification, with a group for each class whose probability is told and a statement for each class (concepts, answers and sites are those that the release declares; between the two thresholds the answer is Indeterminate):',
    contentTree(one.classificationReport),
    'Of a detection, with a group for each finding on the slice of its best box; in Comprehensive 3D SR the region is a SCOORD3D where the image says its place, and a SCOORD elsewhere. Width and height are in mm where the place of the image or a calibrated Pixel Spacing (Pixel Spacing Calibration Type) gives them, else in {pixels} of UCUM:',
    contentTree(one.detectionReport),
    'Of a regression, with a group for each number (concept and unit are those that the release declares):',
    contentTree(one.regressionReport),
    'Where there is nothing to measure (no finding, abstained, refused, failed):',
    contentTree(one.statusReport),
    '#### 8.1.4 Secondary Capture',
    shown('secondaryCapture'),
    '#### 8.1.5 Grayscale Softcopy Presentation State',
    shown('presentationState'),
    'Of images that are no volume, each size and calibrated spacing has an item of Displayed Area Selection Sequence; where MONOCHROME1 and MONOCHROME2 are in one series, each has a presentation state of its own.',
    '#### 8.1.6 Parametric Map',
    shown('parametricMap'),
    '#### 8.1.7 Key Object Selection (rejection note)',
    `Made where images that results were made of are rejected. Titles: ${Object.values(rejectionTitles)
      .map(({ code, meaning }) => `${code} ${meaning}`)
      .join(', ')}; ours is never the last.`,
    shown('rejectionNote'),
    contentTree(one.rejectionNote),
  );
}

/** What objects say where a model server computed. */
function remoteText(): string {
  const { concept, attested, unattested } = attestationCodes;
  const code = (one: Code): string => `(${one.code}, ${one.scheme}, "${one.meaning}")`;
  return `Where a model server computed (a remote device), each object names its model with server and protocol in the same places. Where that model could not be attested to be that of the release, this stands there in place of the release and its digests; Algorithm Name, Segment Algorithm Name and the last of Software Versions are then the name of the server's model, with its version and \`not attested\`. Reports say it by ${code(concept)} = ${code(attested)} or ${code(unattested)}. Such results are made only for routes with \`unattested: allow\`.`;
}
