import { Injectable } from '@nestjs/common';

/** Handlers wait for it until the test, or another handler, opens it. */
@Injectable()
export class Gate {
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}
