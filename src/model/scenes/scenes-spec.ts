/** Names scenes that are painted as they are needed. */
export const SCENES_SPEC = 'scenes:';
/** The same, half of them in families of four that differ in one thing each. */
export const FAMILIES_SPEC = 'scenes:families';

export const isScenes = (name: string): boolean => name === SCENES_SPEC || name === FAMILIES_SPEC;
