/** A client's file that is left alone, and why: completes "The file … ". */
export class UneditableError extends Error {
  override readonly name = 'UneditableError';
}
