import { startTestApp } from 'nest-realtime-kit/testing';
import { realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { ChatModule } from './chat.module.js';

/* What a project exports without saying its types, all of which its declarations have to name. */

export const test = realtimeTest(ChatModule);

export const testWithClients = realtimeTest<{ said: (text: string) => void }>(ChatModule).extend(
  'alice',
  ({ connect }) => connect({ name: 'alice' }),
);

export const startChat = () => startTestApp(ChatModule);

export const connectTwo = async () => (await startChat()).connect(2, { namespace: 'chat' });
