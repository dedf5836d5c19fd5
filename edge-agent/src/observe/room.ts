import { err, type StoreSink } from '../dimse/index.ts';

/** PS3.4 §B.2.3: out of resources; a sender tries again later. */
const outOfResources = 0xa700;

/** Takes no new object while the disk is full; those that are arriving come to their end. */
export const whileThereIsRoom = (sink: StoreSink, hasRoom: () => boolean): StoreSink => ({
  begin(request) {
    if (hasRoom()) return sink.begin(request);
    return Promise.resolve(err({ status: outOfResources, comment: 'the disk of the appliance is full' }));
  },
});
