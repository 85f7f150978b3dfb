import { format } from '../report/format.js';
import type { Reply } from './answering.js';
import type { Fact } from './facts.js';

/** Replaces the values of a message that cannot be sent to another process, such as functions, by their text. */
export function withTexts(message: Fact | Reply): Fact | Reply {
  if (!('fact' in message))
    return { reply: message.reply, error: `The answer cannot be sent: ${format(message.value)}` };
  if (message.fact === 'failed') return { ...message, error: format(message.error) };
  if (message.fact !== 'recorded') return message;
  const texts = Object.entries(message.happening).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.map(format) : typeof value === 'object' ? format(value) : value,
  ]);
  return { ...message, happening: Object.fromEntries(texts) as typeof message.happening };
}
