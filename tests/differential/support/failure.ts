import type { Fact } from './observation.js';

/** What the kit tells a client of a failure. */
export function answered(code: unknown, message: string, fields: object = {}): object {
  return { status: 'error', code, message, ...fields };
}

/** What it tells of an event that failed. An ack is of one event, and does not name it. */
export function failure(event: string, code: unknown, message: string, fields: object = {}): object {
  return answered(code, message, { event, ...fields });
}

/** What it tells of an event that failed by a fault of the server's. */
export function internalError(event: string): object {
  return failure(event, 'INTERNAL_ERROR', 'Internal server error');
}

/** What was seen, as a scenario states it: failures that are told in acks are without their event. */
export function asSeen(facts: readonly Fact[]): Fact[] {
  return facts.map((fact) => {
    const [who, kind, name, envelope, ...rest] = fact;
    if (kind !== 'ack' || rest.length > 0 || !isFailure(envelope)) return fact;
    const { event: _, ...told } = envelope;
    return [who, kind, name, told];
  });
}

function isFailure(value: unknown): value is { event?: unknown } {
  return typeof value === 'object' && value !== null && 'status' in value && 'code' in value;
}
