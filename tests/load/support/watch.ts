/** Whether something is still going on. */
export function watch(during: Promise<unknown>): { readonly isOver: boolean } {
  const progress = { isOver: false };
  const end = (): void => {
    progress.isOver = true;
  };
  during.then(end, end);
  return progress;
}
