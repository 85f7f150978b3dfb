/** A failure that an exception filter of the handler has already handled. */
export class FilteredError extends Error {
  override readonly name = 'FilteredError';

  constructor(override readonly cause: unknown) {
    super('An exception filter has dealt with this.', { cause });
  }
}
