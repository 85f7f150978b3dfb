/** A contestant that this version of the kit cannot be; the others run without it. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';
}
