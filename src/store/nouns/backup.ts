/** Backups of the whole store. */

/** What a backup holds. */
export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly sessions: number;
  readonly messages: number;
  /** The position that the database had come to. */
  readonly lastSeq: number;
}
