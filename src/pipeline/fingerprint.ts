/** Ids and keys come from outside, of any length and with any characters: what is kept of them has a fixed size. */
import { hash } from 'node:crypto';

/**
 * The first characters of its SHA-256, 6 bits in each. 12 of them meet those of one among a million others once in
 * 10¹⁵ times, 16 once in 10²².
 */
export function fingerprint(text: string, characters: number): string {
  return hash('sha256', text, 'base64url').slice(0, characters);
}

/** 16 bytes of it, as PostgreSQL writes a value of its type uuid. */
export function uuidOf(text: string): string {
  return hash('sha256', text, 'hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
