/** A URL as it may be shown and logged: without who logs in, and by what password; it need not be a valid one. */
export function redactedUrl(url: string): string {
  return url.replace(/\/\/.*@/s, '//***@');
}
