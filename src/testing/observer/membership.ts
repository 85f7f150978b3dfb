/** A counter that rises with everything recorded about any client, to tell what came first. */
let moments = 0;

export function nextMoment(): number {
  return (moments += 1);
}

interface Change {
  readonly moment: number;
  readonly room: string;
  readonly isIn: boolean;
}

/** Knows which rooms of its namespace a client is in, and was in at any moment. */
export class Membership {
  readonly rooms = new Set<string>();
  private readonly began = nextMoment();
  private ended: number | undefined;
  private readonly changes: Change[] = [];

  join(room: string): void {
    this.rooms.add(room);
    this.changes.push({ moment: nextMoment(), room, isIn: true });
  }

  leave(room: string): void {
    this.rooms.delete(room);
    this.changes.push({ moment: nextMoment(), room, isIn: false });
  }

  /** Records that the client has left the namespace. */
  end(): void {
    this.ended ??= nextMoment();
  }

  /** Whether the client was in the namespace and, if a room is given, in this room. */
  wasIn(moment: number, room?: string): boolean {
    if (moment < this.began || moment > (this.ended ?? Infinity)) return false;
    if (room === undefined) return true;
    return this.changes.findLast((change) => change.room === room && change.moment <= moment)?.isIn ?? false;
  }
}
