import type { Member } from './member.js';

/** How many numbers a text lists. */
const MAX = 5;

/** `1,000` */
export function count(number: number): string {
  return number.toLocaleString('en');
}

/** The numbers of clients, in words: `client 3`, or `clients 1, 2, 3, 4, 5 and 20 more`. */
export function listed(members: readonly Member[]): string {
  const shown = members.slice(0, MAX).map(({ index }) => index);
  const more = members.length > MAX ? ` and ${count(members.length - MAX)} more` : '';
  return `client${members.length === 1 ? '' : 's'} ${shown.join(', ')}${more}`;
}

/** Clients by what they have in common, the most frequent first. */
export function grouped<Client>(
  clients: readonly Client[],
  textOf: (client: Client) => string | undefined,
): [string, Client[]][] {
  const groups = new Map<string, Client[]>();
  for (const client of clients) {
    const text = textOf(client);
    if (text === undefined) continue;
    const group = groups.get(text);
    if (group) group.push(client);
    else groups.set(text, [client]);
  }
  return [...groups].toSorted(([, one], [, other]) => other.length - one.length);
}
