import type { PriorsWanted } from '@collimator/shared/contracts/release-priors';
import { countOf, type FindIdentifier } from '../../dimse/index.ts';
import { likeness, type Person } from './same-patient.ts';

/** The study that priors are looked for: whose it is and when it was. */
export type CurrentStudy = {
  readonly studyInstanceUid: string;
  readonly person: Person;
  /** `YYYYMMDD` */
  readonly date: string;
  /** (0008,0030) as it stands; may be empty. */
  readonly time: string;
};

export type Candidate = {
  readonly studyInstanceUid: string;
  /** Whole days from the prior to the current study. */
  readonly daysBefore: number;
  /** `YYYYMMDD` and time, to order them by. */
  readonly at: string;
};

export type Candidates = {
  /** Studies that the answer names. */
  readonly listed: number;
  /** Those of them that are not surely of the same patient. */
  readonly differing: number;
  /** The newest first. */
  readonly candidates: readonly Candidate[];
};

/** One series of a prior that is wanted. */
export type WantedSeries = {
  readonly seriesInstanceUid: string;
  /** Images as the PACS counts them; undefined where it does not. */
  readonly images: number | undefined;
};

/** Whether a study says enough to ask for its priors; an ID with a wildcard would stand for those of others. */
export const canBeAsked = ({ person, date }: CurrentStudy): boolean =>
  person.id.trim() !== '' &&
  !/[*?\\\p{Cc}]/u.test(person.id) &&
  (person.birthDate.trim() !== '' || person.issuer.trim() !== '') &&
  dayOf(date) !== undefined;

/** Keys of the C-FIND at the level of studies (PS3.4 §C.6.2.1.2): by Patient ID, up to the day of the current study. */
export function studyQuery({ person, date }: CurrentStudy, { within_days: days }: PriorsWanted): FindIdentifier {
  const from = days === undefined ? '' : dateBefore(date, days);
  return {
    ...(isAscii(person.id) ? {} : { specificCharacterSet: 'ISO_IR 192' }),
    queryRetrieveLevel: 'STUDY',
    patientId: person.id,
    issuerOfPatientId: '',
    patientBirthDate: '',
    patientSex: '',
    studyDate: `${from}-${date}`,
    studyTime: '',
    modalitiesInStudy: '',
    studyInstanceUid: '',
  };
}

/** Keys of the C-FIND for the series of one study (PS3.4 §C.6.2.1.3). */
export const seriesQuery = (studyInstanceUid: string): FindIdentifier => ({
  queryRetrieveLevel: 'SERIES',
  modality: '',
  bodyPartExamined: '',
  studyInstanceUid,
  seriesInstanceUid: '',
  numberOfSeriesRelatedInstances: '',
});

/**
 * Which of the studies that a PACS names may be priors: of the same patient, before the current one, within the days that
 * are wanted, and with a modality that is wanted as far as the answer says. A study without a date is none: nobody can
 * say that it was before.
 */
export function candidatesOf(
  matches: readonly FindIdentifier[],
  current: CurrentStudy,
  wants: PriorsWanted,
): Candidates {
  const studies = new Map(
    matches
      .filter(({ studyInstanceUid: uid = '' }) => uid !== '' && uid !== current.studyInstanceUid)
      .map((match) => [match.studyInstanceUid ?? '', match] as const),
  );
  const alike = [...studies.values()].filter((match) => likeness(current.person, personOf(match)) === 'same');
  const candidates = alike
    .flatMap((match): Candidate[] => {
      const days = daysBetween(match.studyDate ?? '', current.date);
      if (days === undefined || !isBefore(match, current, days)) return [];
      if (wants.within_days !== undefined && days > wants.within_days) return [];
      if (!mayHoldModality(match, wants)) return [];
      const at = `${match.studyDate ?? ''} ${match.studyTime ?? ''}`;
      return [{ studyInstanceUid: match.studyInstanceUid ?? '', daysBefore: days, at }];
    })
    .toSorted((a, b) => compare(b.at, a.at) || compare(a.studyInstanceUid, b.studyInstanceUid));
  return { listed: studies.size, differing: studies.size - alike.length, candidates };
}

/** Modalities of series that hold no images (PS3.3 §C.7.3.1.1.1); a model that asks for any modality means images. */
const withoutImages: ReadonlySet<string> = new Set(
  'ANN AR ASMT AU DOC ECG EEG EMG EOG EPS FID HD KER KO LEN M3D PLAN POS PR RESP RTINTENT RTPLAN RTRECORD RTSEGANN RTSTRUCT RWV SEG SMR SR SRF TEXTUREMAP VA XAPROTOCOL CTPROTOCOL REG PT3D'.split(
    ' ',
  ),
);

/** Whether a series is of a kind that is wanted; undefined where it does not say. */
export function seriesFits(
  { modality, bodyPart }: { readonly modality: string; readonly bodyPart: string },
  wants: PriorsWanted,
): boolean | undefined {
  const kind = modality === '' ? undefined : (wants.modality?.includes(modality) ?? !withoutImages.has(modality));
  const part = wants.body_part === undefined ? true : bodyPart === '' ? undefined : wants.body_part.includes(bodyPart);
  return kind === false || part === false ? false : kind === undefined || part === undefined ? undefined : true;
}

/** The series of a study that are to be fetched, those that may be wanted included: their images will say. */
export const wantedSeries = (
  matches: readonly FindIdentifier[],
  studyInstanceUid: string,
  wants: PriorsWanted,
): readonly WantedSeries[] => [
  ...new Map(
    matches
      .filter((one) => (one.studyInstanceUid ?? studyInstanceUid) === studyInstanceUid)
      .filter(({ seriesInstanceUid: uid = '' }) => uid !== '')
      .filter(
        ({ modality = '', bodyPartExamined = '' }) =>
          seriesFits({ modality, bodyPart: bodyPartExamined.toUpperCase() }, wants) !== false,
      )
      .map((one) => {
        const seriesInstanceUid = one.seriesInstanceUid ?? '';
        return [seriesInstanceUid, { seriesInstanceUid, images: countOf(one, 'numberOfSeriesRelatedInstances') }];
      }),
  ).values(),
];

const personOf = (match: FindIdentifier): Person => ({
  id: match.patientId ?? '',
  issuer: match.issuerOfPatientId ?? '',
  birthDate: match.patientBirthDate ?? '',
  sex: match.patientSex ?? '',
});

/** On another day, or at an earlier time of the same one where both say the time. */
function isBefore(match: FindIdentifier, current: CurrentStudy, days: number): boolean {
  if (days !== 0) return days > 0;
  const [prior, now] = [secondsOf(match.studyTime ?? ''), secondsOf(current.time)];
  return prior !== undefined && now !== undefined && prior < now;
}

function mayHoldModality({ modalitiesInStudy = '' }: FindIdentifier, { modality }: PriorsWanted): boolean {
  if (modality === undefined || modalitiesInStudy === '') return true;
  const named = modalitiesInStudy.split('\\').map((one) => one.trim());
  return modality.some((one) => named.includes(one));
}

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const DAY_MS = 86_400_000;

/** Days since 1970 of a DA; undefined for what is no date (PS3.5 §6.2). */
function dayOf(date: string): number | undefined {
  const parts = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(date.trim());
  if (parts === null) return undefined;
  const [year, month, day] = parts.slice(1).map(Number) as [number, number, number];
  const at = new Date(Date.UTC(year, month - 1, day));
  return at.getUTCMonth() === month - 1 && at.getUTCDate() === day ? at.getTime() / DAY_MS : undefined;
}

/** Whole days from one DA to a later one; undefined where one of them is no date. */
export function daysBetween(from: string, to: string): number | undefined {
  const [a, b] = [dayOf(from), dayOf(to)];
  return a === undefined || b === undefined ? undefined : b - a;
}

/** The DA so many days before another. */
function dateBefore(date: string, days: number): string {
  const at = Math.max(dayOf('00010101') ?? 0, (dayOf(date) ?? 0) - days);
  return new Date(at * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
}

/** Seconds since midnight of a TM, with what it leaves out at their least; undefined for what is no time. */
function secondsOf(time: string): number | undefined {
  const parts = /^(\d{2}):?(\d{2})?:?(\d{2})?(\.\d{1,6})?$/.exec(time.trim());
  if (parts === null) return undefined;
  const [hours, minutes = '0', seconds = '0', fraction = '0'] = parts.slice(1);
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(fraction);
}
