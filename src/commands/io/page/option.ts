/** Of commands whose results can be a page. */
export const PAGE_OPTION = {
  html: {
    type: 'text',
    kind: 'file',
    access: 'write',
    placeholder: 'FILE',
    description: 'write a page for a browser there, with pictures and data in it; keys are not asked for',
  },
} as const;

/** What the help of a command says of `--html`. */
export const PAGE_DETAILS =
  '--html FILE: one page to look at, print and send, with everything in it; it asks for nothing from anywhere. It holds the JSON (coca help pages).';
