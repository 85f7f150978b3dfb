/** A tuple of this length: `connect(2)` returns `[TestClient, TestClient]`. */
export type TupleOf<T, Count extends number, Tuple extends T[] = []> = number extends Count
  ? T[]
  : Tuple['length'] extends Count
    ? Tuple
    : TupleOf<T, Count, [...Tuple, T]>;
