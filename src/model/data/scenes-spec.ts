/** Names scenes that are painted as they are needed. */
export const SCENES_SPEC = 'scenes:';
