/** Between the label and what is typed. */
export const PROMPT_MARK = '›';

/** Turns while something runs. */
export const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** Around the way to go on that was chosen: a shape, for those who see no colours. */
export const CHOSEN = ['[', ']'] as const;
