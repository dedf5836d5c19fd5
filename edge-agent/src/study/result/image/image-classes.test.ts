import { expect, it } from 'vitest';
import { isImageClass } from './image-classes.ts';

const storage = (family: string): string => `1.2.840.10008.5.1.4.1.1.${family}`;

it.each(['1.1', '2', '2.1', '4', '4.1', '7', '7.4', '30', '66.4', '66.7', '77.1.5.1', '128', '481.2', '481.23'])(
  '%s is an image',
  (family) => {
    expect(isImageClass(storage(family))).toBe(true);
  },
);

it.each(['4.2', '9.1.1', '11.1', '66', '66.1', '66.5', '67', '88.33', '88.59', '104.1', '131', '481.3', '481.5'])(
  '%s is none',
  (family) => {
    expect(isImageClass(storage(family))).toBe(false);
  },
);

it('a class that is not of the standard is none', () => {
  expect(isImageClass('1.2.3')).toBe(false);
});
