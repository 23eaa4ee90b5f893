// Takes places, hands off and delivers as fast as it can, in a thread, and tells the most it ever saw in flight.
import { parentPort, workerData } from 'node:worker_threads';
import { Places } from '../../dist/poll/places.js';

const { memory, world, slot, limit, rounds } = workerData;
const places = new Places(memory, { queue: 0, slot });
/** What is so, counted apart: messages in flight, and those of them that are in the store. */
const truth = new Int32Array(world);
const [IN_FLIGHT, STORED] = [0, 1];
let reading = { handedOff: 0, backlog: 0 };
let most = 0;
let took = 0;
for (let round = 0; round < rounds; round += 1) {
  if (round % 3 === 0) {
    const { handedOff } = places;
    reading = { handedOff, backlog: Atomics.load(truth, STORED) };
  }
  if (!places.take(16, reading, limit)) continue;
  took += 1;
  most = Math.max(most, Atomics.add(truth, IN_FLIGHT, 16) + 16);
  if (round % 5 > 0) {
    Atomics.add(truth, STORED, 16);
    places.moveToStore(16);
    for (let spin = 0; spin < round % 500; spin += 1) Atomics.load(truth, IN_FLIGHT);
    Atomics.sub(truth, IN_FLIGHT, 16);
    Atomics.sub(truth, STORED, 16);
  } else {
    Atomics.sub(truth, IN_FLIGHT, 16);
    places.release(16);
  }
}
parentPort.postMessage({ most, took });
