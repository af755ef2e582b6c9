/** What `coca eval --tracing` favours (docs/tracing.md): the side of what is put back, in patches. */
export const TRACE_WINDOW = 3;
