export {
  type Acknowledgement,
  Acknowledger,
  type AcknowledgerOptions,
  type NotDeleted,
} from './acknowledger.js';
