/** The cells of a matrix that are to be run: the first or, with `PACKAGE_MATRIX=whole`, all. */
export function cells<Cell>(...matrix: readonly Cell[]): readonly Cell[] {
  return process.env.PACKAGE_MATRIX === 'whole' ? matrix : matrix.slice(0, 1);
}
