import type { ClientAssertionContext, TestClient } from '../client/test-client.js';
import type { Details } from '../report/format.js';

/** A client as it is told of: by its name and, away from the main one, its namespace. */
export function who({ name, namespace }: TestClient): string {
  return namespace === '/' ? name : `${name} (on ${namespace})`;
}

/** Puts the names of clients in the place of their socket ids, which nobody can read. */
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
    .flatMap(({ name, link: { lastId } }) => (lastId === undefined ? [] : [[lastId, name]]));
  return ids.reduce((result, [id, name]) => result.replaceAll(id!, `<id of ${name}>`), text);
}
