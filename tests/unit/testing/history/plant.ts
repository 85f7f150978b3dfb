import { OUTSIDER, type LooseEntry } from './right-system.js';

type Of<Kind> = Extract<LooseEntry, { kind: Kind }>;

export type Fault = 'lost' | 'doubled' | 'out of order' | 'to one who is no member' | 'a recovery with a hole';

/** The guarantee that each fault breaks. */
export const broken: Record<Fault, string> = {
  lost: 'everyMember',
  doubled: 'atMostOnce',
  'out of order': 'orderPerSender',
  'to one who is no member': 'onlyMembers',
  'a recovery with a hole': 'wholeRecovery',
};

/**
 * Plants a fault in a right history, so that it is certain to be one.
 *
 * @param choice selects the place
 * @returns `undefined` if the history has no place for it
 */
export function plant(fault: Fault, entries: readonly LooseEntry[], choice: number): LooseEntry[] | undefined {
  const places = placesFor[fault](entries);
  return places.length === 0 ? undefined : places[choice % places.length]!();
}

type Plan = () => LooseEntry[];

const placesFor: Record<Fault, (entries: readonly LooseEntry[]) => Plan[]> = {
  doubled: (entries) =>
    heardIn(entries).map(
      ([heard, index]) =>
        () =>
          entries.toSpliced(index + 1, 0, { ...heard }),
    ),

  'out of order': (entries) =>
    heardIn(entries).flatMap(([later, index]) => {
      const earlier = entries.findLastIndex(
        (entry, at) =>
          at < index &&
          entry.kind === 'heard' &&
          entry.client === later.client &&
          isBefore(entries, entry.message, later.message) &&
          isConnectedFrom(entries, later.client, at, index),
      );
      if (earlier === -1) return [];
      const first = entries[earlier] as Of<'heard'>;
      return [() => entries.with(earlier, { ...later }).with(index, { ...first })];
    }),

  'to one who is no member': (entries) =>
    entries.flatMap((entry, index) => {
      if (entry.kind !== 'said' || entry.client === OUTSIDER) return [];
      const { message } = entry;
      const outsiders = clientsOf(entries).filter(
        (client) =>
          client !== entry.client && isConnected(entries, client, index) && isOut(entries, client, entry.room, index),
      );
      return outsiders.map((client) => () => entries.toSpliced(index + 1, 0, { kind: 'heard', client, message }));
    }),

  lost: (entries) =>
    owed(entries, (between) => !between.some(({ kind }) => kind === 'disconnected' || kind === 'connected')),

  'a recovery with a hole': (entries) =>
    owed(entries, (between) => between.some((entry) => entry.kind === 'connected' && entry.recovered)),
};

/** Takes away what a client heard as a certain member, until the end of the history. */
function owed(entries: readonly LooseEntry[], fits: (between: readonly LooseEntry[]) => boolean): Plan[] {
  return heardIn(entries).flatMap(([heard, index]) => {
    const from = entries.findIndex((entry) => entry.kind === 'said' && entry.message === heard.message);
    const { room, client: sender } = entries[from] as Of<'said'>;
    const others = entries.some(
      (entry) =>
        entry.kind === 'heard' && entry.message === heard.message && ![heard.client, sender].includes(entry.client),
    );
    const between = entries.slice(from).filter((entry) => 'client' in entry && entry.client === heard.client);
    const isSteady = !between.some(
      (entry) =>
        (entry.kind === 'leaving' && entry.room === room) ||
        (entry.kind === 'joining' && entry.room === room) ||
        (entry.kind === 'connected' && !entry.recovered),
    );
    const ends = between.findLast(({ kind }) => kind === 'disconnected' || kind === 'connected');
    if (!others || !isSteady || ends?.kind === 'disconnected' || !isIn(entries, heard.client, room, from)) return [];
    return fits(between) ? [() => entries.toSpliced(index, 1)] : [];
  });
}

function heardIn(entries: readonly LooseEntry[]): (readonly [Of<'heard'>, number])[] {
  return entries.flatMap((entry, index) => (entry.kind === 'heard' ? [[entry, index] as const] : []));
}

function clientsOf(entries: readonly LooseEntry[]): string[] {
  return [...new Set(entries.flatMap((entry) => ('client' in entry ? [entry.client] : [])))];
}

/** Whether one sender said both on one connection in one room, in this order. */
function isBefore(entries: readonly LooseEntry[], first: string, second: string): boolean {
  const [one, other] = [first, second].map((message) =>
    entries.findIndex((entry) => entry.kind === 'said' && entry.message === message),
  ) as [number, number];
  const [a, b] = [entries[one], entries[other]] as [Of<'said'>, Of<'said'>];
  return one < other && a.client === b.client && a.room === b.room && isConnectedFrom(entries, a.client, one, other);
}

function isConnectedFrom(entries: readonly LooseEntry[], client: string, from: number, to: number): boolean {
  const between = entries.slice(from, to);
  return !between.some((entry) => entry.kind === 'disconnected' && entry.client === client);
}

function isConnected(entries: readonly LooseEntry[], client: string, at: number): boolean {
  const last = entries
    .slice(0, at)
    .findLast((entry) => (entry.kind === 'connected' || entry.kind === 'disconnected') && entry.client === client);
  return last?.kind === 'connected';
}

/** What a client last did about a room on its connection: an entry of its request, or its answer. */
function requestsOf(
  entries: readonly LooseEntry[],
  client: string,
  room: string | undefined,
  at: number,
): LooseEntry[] {
  const before = entries.slice(0, at);
  const anew = before.findLastIndex(
    (entry) => entry.kind === 'connected' && entry.client === client && !entry.recovered,
  );
  return before.slice(anew).filter((entry) => {
    const asked = entry.kind === 'answered' ? entry.to : entry;
    return (asked.kind === 'joining' || asked.kind === 'leaving') && asked.client === client && asked.room === room;
  });
}

function isIn(entries: readonly LooseEntry[], client: string, room: string | undefined, at: number): boolean {
  return standing(requestsOf(entries, client, room, at)) === 'joining';
}

function isOut(entries: readonly LooseEntry[], client: string, room: string | undefined, at: number): boolean {
  const requests = requestsOf(entries, client, room, at);
  return requests.length === 0 || standing(requests) === 'leaving';
}

/** The last request, if each has an ack. */
function standing(requests: readonly LooseEntry[]): string | undefined {
  if (requests.some((entry) => entry.kind === 'answered' && entry.outcome !== 'done')) return undefined;
  const last = requests.at(-1);
  return last?.kind === 'answered' ? last.to.kind : undefined;
}
