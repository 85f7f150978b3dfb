/** A failure that an exception filter of the handler has dealt with. */
export class FilteredError extends Error {
  override readonly name = 'FilteredError';

  constructor(override readonly cause: unknown) {
    super('An exception filter has dealt with this.', { cause });
  }
}
