import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '@collimator/shared/dicom/uids';
import { STORAGE_COMMITMENT, VERIFICATION } from '../../dimse/index.ts';
import { characterSets } from '../../study/receive/header/character-set.ts';
import { anchor, blocks, table } from '../markdown.ts';
import { exampleObjects } from './example-objects.ts';
import { madeClassTable, objectsSection } from './objects.ts';
import { priorSection } from './prior-ae.ts';
import { keyTable } from './product.ts';
import { asksByFind, resultSection } from './result-ae.ts';
import { securitySection } from './security.ts';
import { storageSection } from './storage-ae.ts';
import { stowOriginSection, takesStow } from './stow-origin.ts';

/** `docs/conformance-statement.md`, whole, in the form of PS3.2 Annex A. */
export function conformanceStatement(): string {
  const [one, other] = [exampleObjects(0), exampleObjects(1)];
  const body = blocks(
    overview(madeClassTable(one)),
    introduction,
    networking,
    storageSection(),
    resultSection(one),
    priorSection(),
    stowOriginSection(),
    configuration(),
    '## 5 Media interchange',
    'None. `agent studies export` writes Part 10 files without a DICOMDIR.',
    characterSetSection(),
    securitySection(),
    '## 8 Annexes',
    objectsSection(one, other),
    annexes,
  );
  return `${blocks(cover, contents(body), body)}\n`;
}

const cover = blocks(
  '# DICOM conformance statement',
  'Collimator edge appliance, version 0.1. For research use only. This page is generated from the tables that the program runs with (`npm run docs`); a test holds it against them. It follows PS3.2 Annex A.',
);

const contents = (body: string): string =>
  blocks(
    '## 2 Table of contents',
    [...body.matchAll(/^(##|###|####) (.+)$/gm)]
      .map(([, level = '', heading = '']) => `${'  '.repeat(level.length - 2)}- [${heading}](#${anchor(heading)})`)
      .join('\n'),
  );

const overview = (made: string): string =>
  blocks(
    '## 1 Overview',
    'The appliance receives images of modalities and a PACS, runs models on them and sends the results to PACS. It is no archive: it offers no query and no retrieval.',
    table(
      ['service', 'SCU', 'SCP'],
      [
        ['Verification', 'yes', 'yes'],
        ['Storage: every class of 4.2.1.1', 'no', 'yes'],
        ['Storage: results, the classes below', 'yes', 'yes'],
        ['Storage Commitment Push Model', 'yes', 'option; refused by default'],
        [
          'Query/Retrieve, Study Root – FIND',
          asksByFind() ? 'option: priors, completion of a study' : 'option: priors',
          'no',
        ],
        ['Query/Retrieve, Study Root – MOVE', 'option: priors', 'no'],
        ['Query/Retrieve – GET', 'no', 'no'],
        ['Modality Worklist, MPPS, Instance Availability, Print', 'no', 'no'],
        ['DICOMweb Store (STOW-RS)', 'user agent', takesStow() ? 'origin server, option; off by default' : 'no'],
        ['DICOMweb Retrieve and Query (WADO-RS, QIDO-RS)', 'no', 'no'],
      ],
    ),
    made,
  );

const introduction = blocks(
  '## 3 Introduction',
  'For administrators of PACS and networks, and for who integrates. How to connect a PACS is told in [connect-a-pacs.md](connect-a-pacs.md), which IHE profiles apply in [ihe-ai-results.md](ihe-ai-results.md), every key of the configuration in [configuration.md](configuration.md). A DICOM conformance statement alone does not ensure that two systems work together; both statements have to be compared, and the connection tried.',
  'AE is an application entity, PS3.x a part of the DICOM standard. What stands in `code` is a key of `agent.yaml`, a command or a value.',
);

const networking = blocks(
  '## 4 Networking',
  '### 4.1 Implementation model',
  '```\nmodality, PACS ── C-STORE ──▶ Storage-SCP ──▶ assemble ─ queue ─ infer ──▶ Result-SCU ──── C-STORE ──▶ PACS\n                                  ▲                                        └▶ STOW-RS UA ── HTTP ─────▶ PACS\n                                  └──────────── N-EVENT-REPORT (storage commitment) ───────────────── PACS\n```',
  'All application entities use one AE title, `dicom.ae_title`. Storage-SCP takes objects at any time. A study is complete after a quiet time, or when a trusted sender releases its association and what is expected is there; its results go to the destinations of the routes that took its series. Sending does not wait for receiving, and no destination waits for another.',
  '### 4.2 AE specifications',
  `Implementation Class UID \`${IMPLEMENTATION_CLASS_UID}\`, Implementation Version Name \`${IMPLEMENTATION_VERSION_NAME}\`, for all. Verification is ${VERIFICATION}, storage commitment ${STORAGE_COMMITMENT}.`,
);

const configuration = (): string =>
  blocks(
    '### 4.3 Network interfaces',
    'TCP/IP, IPv4 and IPv6, over whatever the operating system has. Names are resolved by the operating system. TCP_NODELAY is set. HTTP/1.1 for STOW-RS.',
    '### 4.4 Configuration',
    '#### 4.4.1 AE titles, addresses, ports',
    'An AE title here is 1 to 16 characters. There is no default port: plain DICOM is listened for only where `dicom.listen` asks for it; 104 or 11112 are customary, 2762 with TLS.',
    keyTable('dicom.ae_title', 'dicom.listen', 'dicom.sources', 'dicom.private_sop_classes', 'dicom.transfer_syntaxes'),
    '#### 4.4.2 Parameters of the acceptor',
    keyTable(
      'dicom.limits',
      'dicom.disk',
      'dicom.conflicts',
      'dicom.quarantine',
      'dicom.retention',
      'dicom.storage_commitment',
    ),
    '#### 4.4.3 Completion of studies',
    keyTable('assembly'),
    '#### 4.4.4 Destinations',
    keyTable('destinations'),
    '#### 4.4.5 Priors',
    keyTable('priors'),
  );

const characterSetSection = (): string =>
  blocks(
    '## 6 Support of character sets',
    'Received objects are stored as they are. Text that is matched against routes is decoded after Specific Character Set (0008,0005); results carry the character set of their source, and what is copied is copied as bytes. Text of ours is written in that character set: as it is in UTF-8 and Latin-1, elsewhere as ASCII, with accents dropped and `?` for what is left over.',
    table(
      ['defined term', 'read as'],
      Object.entries(characterSets).map(([term, encoding]) => [term, encoding]),
    ),
    'Without the attribute, and for any other term, ISO-8859-1 is assumed for matching.',
  );

const annexes = blocks(
  '### 8.2 Private attributes',
  'None is written.',
  '### 8.3 Coded terminology and templates',
  'TID 1500, 1204, 1004, 1600, 1410, 1411, 1501, 300, 320, 4019 and 2010 of PS3.16, as 8.1 shows them. Codes of the scheme 99COLLIMATOR (in Coding Scheme Identification Sequence) stand for processing outcomes and for quantities that no standard scheme has. Codes of segments, classes, numbers, sites and statements are those that a release declares.',
  '### 8.4 Grayscale image consistency',
  'The appliance has no display.',
  '### 8.5 Standard extended, specialized, private SOP classes',
  'None is made. Private storage classes are taken where `dicom.private_sop_classes` lists them.',
  '### 8.6 Private transfer syntaxes',
  'None.',
);
