import type { ClientStage, TestClient } from '../client/test-client.js';
import type { Details } from '../report/show.js';

/** A client as it is told of: by its name and, away from the main one, its namespace. */
export function who({ name, namespace }: TestClient): string {
  return namespace === '/' ? name : `${name} (on ${namespace})`;
}

/** Puts the names of clients in the place of their socket ids, which nobody can read. */
export function withNames(stage: ClientStage, details: Details): Details {
  return Object.fromEntries(
    Object.entries(details).map(([label, detail]) => [
      label,
      typeof detail === 'string' ? named(stage, detail) : detail?.map((line) => named(stage, line)),
    ]),
  );
}

/** The same for one text. */
export function named(stage: ClientStage, text: string): string {
  const ids = stage.everyone().flatMap(({ name, link: { lastId } }) => (lastId === undefined ? [] : [[lastId, name]]));
  return ids.reduce((result, [id, name]) => result.replaceAll(id!, `<id of ${name}>`), text);
}
