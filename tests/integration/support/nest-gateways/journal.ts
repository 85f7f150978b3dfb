import { Injectable } from '@nestjs/common';

/** What the parts of an app have done, in order, for a test to read: `app.get(Journal).entries`. */
@Injectable()
export class Journal {
  readonly entries: unknown[] = [];

  note(entry: unknown): void {
    this.entries.push(entry);
  }
}
