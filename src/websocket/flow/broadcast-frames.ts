import type { EnginePacket } from '../engine-internals.js';

/** Of a larger frame, a copy costs more than the system needs to gather its parts. In bytes. */
const WORTH_JOINING = 16_384;

/** Puts the frame of a broadcast into one buffer, once for all that get it: its header comes in one of its own. */
export function joinFrame({ options }: EnginePacket): void {
  const [header, payload] = options?.wsPreEncodedFrame ?? [];
  if (header && payload && payload.length < WORTH_JOINING)
    options!.wsPreEncodedFrame = [Buffer.concat([header, payload])];
}
