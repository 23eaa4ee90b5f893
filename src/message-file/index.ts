export { expandFiles } from './files.js';
export {
  type CapturedMessage,
  type FileMessage,
  isUnreadable,
  type Position,
  type Unreadable,
} from './message.js';
export { type ReadOptions, readMessages } from './read.js';
export { captureLine } from './record.js';
