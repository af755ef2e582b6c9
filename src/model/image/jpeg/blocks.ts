import type { HuffmanTable, ScanBits } from './codes.js';
import type { Component } from './frame.js';

/** One way of coding a block: false where its bits are no code of it. */
export type BlockReader = (bits: ScanBits, component: Component, block: number) => boolean;

export function sequential(dc: HuffmanTable, ac: HuffmanTable): BlockReader {
  return (bits) => {
    const size = bits.code(dc);
    if (size < 0 || size > 15) return false;
    bits.skip(size);
    for (let k = 1; k < 64; k++) {
      const value = bits.code(ac);
      if (value < 0) return false;
      const run = value >> 4;
      const length = value & 15;
      if (length === 0) {
        if (run !== 15) break;
        k += 15;
      } else {
        k += run;
        if (k > 63) return false;
        bits.skip(length);
      }
    }
    return true;
  };
}

/** The kinds of progressive scans (annex G). `endRun` counts blocks that an end-of-band code covers. */
export interface Progress {
  endRun: number;
}

export function firstDc(dc: HuffmanTable): BlockReader {
  return (bits) => {
    const size = bits.code(dc);
    if (size < 0 || size > 15) return false;
    bits.skip(size);
    return true;
  };
}

export const refineDc: BlockReader = (bits) => {
  bits.skip(1);
  return true;
};

const mapOf = (component: Component): Uint32Array => {
  component.nonzero ??= new Uint32Array(component.stride * component.lines * 2);
  return component.nonzero;
};

export function firstAc(ac: HuffmanTable, from: number, to: number, progress: Progress): BlockReader {
  return (bits, component, block) => {
    if (progress.endRun > 0) {
      progress.endRun -= 1;
      return true;
    }
    const nonzero = mapOf(component);
    for (let k = from; k <= to; k++) {
      const value = bits.code(ac);
      if (value < 0) return false;
      const run = value >> 4;
      const length = value & 15;
      if (length !== 0) {
        k += run;
        if (k > to) return false;
        nonzero[2 * block + (k >> 5)]! |= 1 << (k & 31);
        bits.skip(length);
      } else if (run === 15) {
        k += 15;
      } else {
        progress.endRun = (1 << run) - 1 + (run > 0 ? bits.take(run) : 0);
        break;
      }
    }
    return true;
  };
}

/** How many bits of a 32-bit word are set. */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Bits `from` to `to` of the word that holds bits `first` to `first + 31`. */
function band(from: number, to: number, first: number): number {
  let mask = 0;
  for (let k = Math.max(from, first); k <= Math.min(to, first + 31); k++) mask |= 1 << (k - first);
  return mask;
}

export function refineAc(ac: HuffmanTable, from: number, to: number, progress: Progress): BlockReader {
  const low = band(from, to, 0);
  const high = band(from, to, 32);
  return (bits, component, block) => {
    const nonzero = mapOf(component);
    const at = 2 * block;
    if (progress.endRun > 0) {
      bits.skip(bitCount(nonzero[at]! & low));
      bits.skip(bitCount(nonzero[at + 1]! & high));
      progress.endRun -= 1;
      return true;
    }
    let k = from;
    for (; k <= to; k++) {
      const value = bits.code(ac);
      if (value < 0) return false;
      let run = value >> 4;
      const length = value & 15;
      if (length > 1) return false;
      if (length === 1) {
        bits.skip(1);
      } else if (run !== 15) {
        progress.endRun = (1 << run) - 1 + (run > 0 ? bits.take(run) : 0);
        break;
      }
      // Past `run` coefficients that are 0 still; those that are not have a bit more here.
      for (; k <= to; k++) {
        if ((nonzero[at + (k >> 5)]! >>> (k & 31)) & 1) bits.skip(1);
        else if (--run < 0) break;
      }
      if (length === 1) {
        if (k > to) return false;
        nonzero[at + (k >> 5)]! |= 1 << (k & 31);
      }
    }
    // The end of a band: only what is not 0 already has a bit more.
    for (; k <= to; k++) if ((nonzero[at + (k >> 5)]! >>> (k & 31)) & 1) bits.skip(1);
    return true;
  };
}
