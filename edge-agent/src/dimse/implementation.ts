/** Who we say we are in an association (PS3.7 §D.3.3.2): a fixed UUID below 2.25, and a version name of at most 16 characters. */
export type Implementation = { readonly classUid: string; readonly versionName: string };

export const defaultImplementation: Implementation = {
  classUid: '2.25.314837293813123754999221067831180853862',
  versionName: 'COLLIMATOR_0_1',
};
