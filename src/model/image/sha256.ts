import { createHash } from 'node:crypto';

/** What tells the file of a picture from others: the SHA-256 of its bytes, in hexadecimal digits. */
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
