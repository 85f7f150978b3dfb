import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { BeforeDrain } from 'nest-realtime-kit';

/** Gives the load balancer time to see that the app is not ready. A provider of any module. */
@Injectable()
export class GracePeriod implements BeforeDrain {
  async beforeDrain(): Promise<void> {
    await delay(Number(process.env.GRACE_PERIOD_MS ?? 3_000));
  }
}
