/** What Node's diagnostic report has of the limits of a process. Windows has none. */
interface Limits {
  readonly userLimits?: { readonly open_files?: { readonly soft: number | 'unlimited' } };
}

/** How many files, and so connections, this process may open. */
export function openFileLimit(): number {
  const { userLimits } = process.report.getReport() as Limits;
  const soft = userLimits?.open_files?.soft;
  return typeof soft === 'number' ? soft : Infinity;
}
