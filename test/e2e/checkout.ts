import { fileURLToPath } from 'node:url';

/** The root of the checkout, and the one command line in it. */
export const checkoutFolder = fileURLToPath(new URL('../../', import.meta.url));
export const collimatorFile = `${checkoutFolder}collimator.mjs`;
