import fc from 'fast-check';
import { expect, it } from 'vitest';
import { imageDigests, namesOne } from './image-digests.ts';

const uids = fc.uniqueArray(
  fc.nat(1e6).map((n) => `2.25.${n}`),
  { maxLength: 40 },
);

it('of images say of any list whether it names one of them', () => {
  fc.assert(
    fc.property(uids, uids, (images, named) => {
      expect(namesOne(imageDigests(images), named)).toBe(named.some((uid) => images.includes(uid)));
    }),
  );
});
