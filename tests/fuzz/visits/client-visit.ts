import { setTimeout as delay } from 'node:timers/promises';
import { isAnswered, type Step } from '../inputs/steps.js';
import type { Entry, Visit } from '../inputs/visits.js';
import { Conversation } from './conversation.js';
import type { Link, OnPacket, Packet } from './link.js';
import { PollingLink } from './polling-link.js';
import type { VisitLog } from './visit-log.js';
import { WebSocketLink } from './websocket-link.js';

/** How long an answer may take, in milliseconds; on a machine that has other things to do too. */
const ANSWER_TIMEOUT = 10_000;

/** How long a connection that may be broken is given to say so. */
const BROKEN_TIMEOUT = 150;

type ClientVisit = Visit & { over: 'websocket' | 'polling' };

const links: Record<ClientVisit['over'], (url: URL, onPacket: OnPacket) => Promise<Link>> = {
  websocket: (url, onPacket) => WebSocketLink.open(url, onPacket),
  polling: (url, onPacket) => PollingLink.open(url, onPacket),
};

interface Opened {
  readonly link: Link;
  readonly conversation: Conversation;
}

/** Goes through the steps of a client. Where the server ends the connection, they go on with another one. */
export async function visitAsClient(
  url: URL,
  { over, enters, steps, together, ending }: ClientVisit,
  log: VisitLog,
): Promise<void> {
  let opened = await open(url, over, enters, log);
  let outbox: Packet[] = [];
  const flush = (): void => {
    if (outbox.length > 0) opened.link.send(...outbox);
    outbox = [];
  };
  for (const step of steps) {
    if (!opened.link.isOpen) {
      outbox = [];
      opened = await open(url, over, enters, log);
    }
    const packets = packetsOf(step, opened.conversation);
    log.inputs += 1;
    if (packets) {
      outbox.push(...packets);
      if (outbox.length >= together) flush();
    } else {
      flush();
      await expectAnswers(opened, log);
      await breakBy(step, opened);
    }
  }
  flush();
  await expectAnswers(opened, log);
  opened.link.end(ending);
  const late = delay(ANSWER_TIMEOUT, 'late', { ref: false });
  if ((await Promise.race([opened.link.closed, late])) === 'late')
    log.complaints.push(`A client over ${over} was not let go after its ${ending}`);
}

async function open(url: URL, over: ClientVisit['over'], enters: readonly Entry[], log: VisitLog): Promise<Opened> {
  const conversation = new Conversation((complaint) => log.complaints.push(`A client over ${over} ${complaint}`));
  const link = await links[over](url, (packet) => {
    if (packet === '2') link.send('3');
    else conversation.take(packet);
  });
  void link.closed.then(() => conversation.forget());
  for (const { namespace, auth } of [{ namespace: '/', auth: '' }, ...enters]) {
    if (conversation.joined.includes(namespace)) continue;
    link.send(`40${namespace},${auth}`);
    await Promise.race([link.closed, conversation.admitted(ANSWER_TIMEOUT)]);
  }
  return { link, conversation };
}

async function expectAnswers({ conversation }: Opened, log: VisitLog): Promise<void> {
  await conversation.settled(ANSWER_TIMEOUT);
  for (const what of conversation.unanswered) log.complaints.push(`Nobody has answered ${what}`);
  conversation.forget();
}

/** @returns nothing for a step that may end the connection */
function packetsOf(step: Step, conversation: Conversation): Packet[] | undefined {
  const { joined } = conversation;
  const namespaceAt = (at: number): string => joined[at % joined.length] ?? '/';
  switch (step.do) {
    case 'ask': {
      const namespace = namespaceAt(step.at);
      const event = isAnswered(namespace, step.event) ? step.event : 'echo';
      const data = list([JSON.stringify(event), ...step.args]);
      const id = joined.length > 0 ? conversation.ask(namespace, data) : '';
      return [`42${namespace},${id}${data}`];
    }
    case 'say':
      return [`42${namespaceAt(step.at)},${step.id}${list([step.event, ...step.args])}`];
    case 'attach':
      return [`451-${namespaceAt(step.at)},${step.id}${list([step.event, ...step.args])}`, Buffer.from(step.bytes)];
    case 'answer': {
      const [namespace, id] = conversation.question ?? ['/', '0'];
      return joined.includes(namespace) ? [`43${namespace},${id}${list(step.args)}`] : [];
    }
    case 'answer nobody':
      return [`43${namespaceAt(step.at)},${step.id}${list(step.args)}`];
    case 'enter':
      // A second time would end the connection.
      return joined.includes(step.namespace) ? undefined : [`40${step.namespace},${step.auth}`];
    default:
      return undefined;
  }
}

function list(items: readonly string[]): string {
  return `[${items.join(',')}]`;
}

async function breakBy(step: Step, { link, conversation }: Opened): Promise<void> {
  if (step.do === 'break') link.send(step.packet);
  else if (step.do === 'enter') link.send(`40${step.namespace},${step.auth}`);
  else if (step.do === 'break by a frame' || step.do === 'break by bytes') link.breakBy(step);
  else if (step.do === 'leave') {
    const namespace = conversation.joined[step.at % conversation.joined.length];
    if (namespace === undefined) return;
    link.send(`41${namespace},`);
    conversation.left(namespace);
    return;
  }
  const [namespace] = conversation.joined;
  if (namespace === undefined) return;
  // Answered on a connection that is whole; else it ends, or is mute since it waits for more.
  const id = conversation.ask(namespace, 'whether the connection is whole');
  link.send(`42${namespace},${id}["echo"]`);
  await Promise.race([link.closed, conversation.settled(BROKEN_TIMEOUT)]);
  if (conversation.unanswered.length > 0) {
    conversation.forget();
    link.end('end');
  }
}
