import type { ClientAssertionContext, TestClient } from '../client/test-client.js';
import type { Details } from '../report/format.js';

/** How messages name a client: by its name and, unless it is on `/`, its namespace. */
export function who({ name, namespace }: TestClient): string {
  return namespace === '/' ? name : `${name} (on ${namespace})`;
}

/** Replaces the socket ids of clients by their names, which are readable. */
export function withNames(context: ClientAssertionContext, details: Details): Details {
  return Object.fromEntries(
    Object.entries(details).map(([label, detail]) => [
      label,
      typeof detail === 'string' ? named(context, detail) : detail?.map((line) => named(context, line)),
    ]),
  );
}

/** The same for one text. */
export function named(context: ClientAssertionContext, text: string): string {
  const ids = context
    .everyone()
    .flatMap(({ name, connection: { lastId } }) => (lastId === undefined ? [] : [[lastId, name]]));
  return ids.reduce((result, [id, name]) => result.replaceAll(id!, `<id of ${name}>`), text);
}
