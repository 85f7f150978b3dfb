import type { EnginePacket } from '../engine-internals.js';

/** For a larger payload the copy costs more than it saves. In bytes. */
const WORTH_JOINING = 16_384;

/** Joins the frame of a broadcast, a buffer for its header and one for its payload, into one buffer for all receivers. */
export function joinFrame({ options }: EnginePacket): void {
  const [header, payload] = options?.wsPreEncodedFrame ?? [];
  if (header && payload && payload.length < WORTH_JOINING)
    options!.wsPreEncodedFrame = [Buffer.concat([header, payload])];
}
