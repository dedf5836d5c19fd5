/** What the agent tells who sends it the files of pydicom's test sets, each as it is. */
export type Told = {
  /** Status of the answer; `no context`: its SOP class was not accepted; `nothing`: nobody could announce it. */
  readonly told: '0000' | 'C000' | '0117' | 'no context' | 'nothing';
  readonly because: string;
};

const noUids: Told = {
  told: 'C000',
  because: 'its data set has no UIDs, or not all four; its file meta alone says its class',
};
const palette: Told = {
  told: 'no context',
  because: 'Color Palette Storage is of the Non-Patient Object Storage service (PS3.4 GG)',
};
const directory: Told = {
  told: 'no context',
  because: 'Media Storage Directory Storage is of media only (PS3.4 Annex I)',
};
const noClass: Told = {
  told: 'nothing',
  because: 'it names no SOP class, neither in its data set nor in its file meta',
};
const noDicom: Told = { told: 'nothing', because: 'it is no DICOM' };

/** The files that are told something else than success, by the end of their names. All others are stored. */
export const exceptions: Readonly<Record<string, Told>> = {
  'charset_files/chrSQEncoding.dcm': noUids,
  'charset_files/chrSQEncoding1.dcm': noUids,
  'charset_files/FileInfo.txt': noDicom,
  'palettes/README.md': noDicom,
  ...Object.fromEntries(
    ['fall', 'hotiron', 'hotmetalblue', 'pet', 'pet20step', 'spring', 'summer', 'winter'].map((name) => [
      `palettes/${name}.dcm`,
      palette,
    ]),
  ),
  'test_files/README.txt': noDicom,
  'test_files/rtplan.dump': noDicom,
  'test_files/rtstruct.dump': noDicom,
  'test_files/zipMR.gz': noDicom,
  'test_files/SC_rgb_jpeg.dcm': {
    told: 'C000',
    because: 'its data set is implicit although it says that it is explicit',
  },
  'test_files/UN_sequence.dcm': noUids,
  'test_files/no_meta_group_length.dcm': noUids,
  'test_files/priv_SQ.dcm': noUids,
  'test_files/empty_charset_LEI.dcm': noClass,
  'test_files/meta_missing_tsyntax.dcm': noClass,
  'test_files/nested_priv_SQ.dcm': noClass,
  'test_files/no_meta.dcm': noClass,
  ...Object.fromEntries(
    ['', '-bigEnd', '-empty.dcm', '-implicit', '-nooffset', '-nopatient', '-reordered'].map((name) => [
      `test_files/dicomdirtests/DICOMDIR${name}`,
      directory,
    ]),
  ),
  'test_files/dicomdirtests/TINY_ALPHA/DICOMDIR': directory,
  'test_files/dicomdirtests/README.txt': noDicom,
  'test_files/dicomdirtests/TINY_ALPHA/README': noDicom,
  'bad_sequence.dcm': {
    told: '0117',
    because: 'its SOP instance UID is a digest in hexadecimal, which is no UID (PS3.5 §9.1)',
  },
};
export const stored: Told = { told: '0000', because: 'it is an object of a storage SOP class with all its UIDs' };
