/** Why something could not be written, as one line that names the setting and what to do. */
import { describeError, ReceiptdError, UsageError } from '../errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file size limit is reached',
  EIO: 'the disk reports an error',
  EROFS: 'the file system is read-only',
  EACCES: 'writing is not permitted',
  EPERM: 'writing is not permitted',
  ENOENT: 'no such directory',
  ENOTDIR: 'this is no directory',
  EEXIST: 'there is a file of this name already',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
};
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'make room for',
  EDQUOT: 'make room for',
  EEXIST: 'give another name than',
};

/** `CAPTURE_WRITE`: what was to be captured was not. It can be tried again. @param key setting or flag of the place */
export function writeError(error: unknown, key: string, place: string): ReceiptdError {
  return new ReceiptdError('CAPTURE_WRITE', sentence(error, key, place), { cause: error });
}

/** `CAPTURE_PLACE`: the place cannot be written to, as far as can be seen at the start. */
export function placeError(error: unknown, key: string, place: string): UsageError {
  return new UsageError('CAPTURE_PLACE', sentence(error, key, place), { cause: error });
}

function sentence(error: unknown, key: string, place: string): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const reason = REASONS[code] === undefined ? describeError(error) : `${REASONS[code]} (${code})`;
  return `${key}: ${reason}: ${REMEDIES[code] ?? 'check'} ${place}`;
}
