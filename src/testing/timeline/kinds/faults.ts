import type { Kinds } from './kind.js';

/** Which way bytes go on a link: `upstream` from the client to the server, `downstream` from the server to the client. */
export type Stream = 'upstream' | 'downstream';

/** What a test did to a link, or to Redis. Of a link, `stream` is missing if it concerns both streams. */
export type Fault = (
  | { readonly type: keyof typeof WORDS }
  | { readonly type: 'latency'; readonly milliseconds: number }
  | { readonly type: 'bandwidth'; readonly bytesPerSecond: number }
  | { readonly type: 'memory'; readonly bytes: number }
) & { readonly stream?: Stream };

/** The `subject` of the faults of Redis itself. */
export const REDIS = 'Redis';

interface Faulty {
  /** What is faulty, in words: `the link of alice`, or `Redis`. */
  subject: string;
  /** The client, if it is a client's link. */
  client?: string;
}

export type FaultEntry = (Faulty & { kind: 'faulted'; fault: Fault }) | (Faulty & { kind: 'healed' });

const over = ({ subject, client }: Faulty) =>
  subject === REDIS ? 'redis' : client === undefined ? 'server' : 'client';

export const faults: Kinds<FaultEntry> = {
  faulted: {
    sentence: ({ subject, fault }) => `${subject} ${showFault(fault)}`,
    drawing: (entry) => ({ over: over(entry), text: `· ${faults.faulted.sentence(entry)}` }),
  },
  healed: {
    sentence: ({ subject }) => `${subject} is healed`,
    drawing: (entry) => ({ over: over(entry), text: `· ${faults.healed.sentence(entry)}` }),
  },
};

/** A fault in words, after the link: `is blackholed`. */
export function showFault(fault: Fault): string {
  const direction = fault.stream === undefined ? '' : ` ${fault.stream}`;
  return `${wordsOf(fault)}${direction}`;
}

function wordsOf(fault: Fault): string {
  if (fault.type === 'latency') return `has a latency of ${fault.milliseconds} ms`;
  if (fault.type === 'bandwidth') return `passes ${fault.bytesPerSecond} bytes per second`;
  if (fault.type === 'memory')
    return fault.bytes > 0 ? `has ${fault.bytes} bytes of memory` : 'has all its memory again';
  return WORDS[fault.type];
}

const WORDS = {
  cut: 'is cut',
  reset: 'is reset',
  blackhole: 'is blackholed',
  corrupt: 'corrupts what passes next',
  pause: 'is paused',
  resume: 'is resumed',
  restart: 'is restarted, its data is lost',
  flush: 'is flushed',
};
