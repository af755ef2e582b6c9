/** A line for a person. */
export interface Remark {
  readonly text: string;
  /** It is for those who ask for details; others would not miss it. */
  readonly isDetail: boolean;
}
