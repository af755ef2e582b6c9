/** What is used of WebAssembly, which TypeScript describes for browsers alone. */
declare const WebAssembly:
  | {
      validate(code: Uint8Array): boolean;
      Module: new (code: Uint8Array) => object;
      Instance: new (module: object) => { readonly exports: unknown };
    }
  | undefined;

const PAGE = 65536;

/** Functions over numbers in a memory of their own, which are named by where they begin, in bytes. */
export type Kernel<Functions> = Functions & { readonly memory: KernelMemory };

interface KernelMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/**
 * A WebAssembly module of functions that use 128-bit instructions. Those of one that is committed are told in the .wat file beside it.
 * @param code the module in base64
 * @returns what makes a kernel of it with a memory of its own; nothing where the processor has no such instructions, or Node.js may make no
 *   machine code (`--jitless`)
 */
export function kernelMaker<Functions>(code: string): () => Kernel<Functions> | undefined {
  const wasm = typeof WebAssembly === 'undefined' ? undefined : WebAssembly;
  let module: object | 'none' | undefined;
  return () => {
    if (wasm === undefined) return undefined;
    if (module === undefined) {
      const bytes = Buffer.from(code, 'base64');
      module = wasm.validate(bytes) ? new wasm.Module(bytes) : 'none';
    }
    return module === 'none' ? undefined : (new wasm.Instance(module).exports as Kernel<Functions>);
  };
}

/** Places in a kernel's memory, one after the other, each where a 128-bit number may begin. */
export class MemoryPlan {
  #end = 0;

  /** How large the memory must be. */
  get bytes(): number {
    return this.#end;
  }

  reserve(bytes: number): number {
    const start = this.#end;
    this.#end = roundUp(start + bytes, 16);
    return start;
  }

  /** Makes the memory large enough. It is never given back, but with its kernel. */
  fit({ memory }: { readonly memory: KernelMemory }): ArrayBuffer {
    const missing = this.#end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    return memory.buffer;
  }
}

export const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;
