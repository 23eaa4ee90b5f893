/** One suite, run over every store. */
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import type { Backend } from '../../src/pipeline/index.js';
import { Rig } from './rig.js';
import { clusterStore, embeddedStore, leastRightsStore, postgresStore, type Store } from './stores.js';

export const STORES: [string, () => Promise<Store>][] = [
  ['embedded', embeddedStore],
  // Whatever a suite asks of it, it may do.
  ['redis', () => leastRightsStore()],
  ['redis cluster', clusterStore],
  ['postgres', postgresStore],
];

/** @param suite gets what makes a queue of its own on the store, closed after the test */
export function overEachStore(
  suite: (rig: (options?: ConstructorParameters<typeof Rig>[1]) => Rig) => void,
): void {
  describe.each(STORES)('over the %s store', (_name, openStore) => {
    let store: Store;
    let backend: Backend;
    const rigs: Rig[] = [];

    beforeAll(async () => {
      store = await openStore();
      backend = await store.open();
    });

    afterEach(async () => {
      await Promise.all(rigs.splice(0).map((made) => made.close()));
    });

    afterAll(async () => {
      await backend.close();
      await store[Symbol.asyncDispose]();
    });

    suite((options) => {
      const made = new Rig(backend, options);
      rigs.push(made);
      return made;
    });
  });
}
