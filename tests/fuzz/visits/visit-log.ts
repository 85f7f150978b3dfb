/** What has come of visits. */
export interface VisitLog {
  inputs: number;
  /** What the server must not have done. */
  readonly complaints: string[];
}
