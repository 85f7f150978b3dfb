// Plain JavaScript: the chat under OpenTelemetry. Its parent asks by IPC for the spans since it last asked.
import { createRequire } from 'node:module';
import { SpanKind } from '@opentelemetry/api';
import { SocketIoInstrumentation } from '@opentelemetry/instrumentation-socket.io';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const exporter = new InMemorySpanExporter();
const instrumentation = new SocketIoInstrumentation();
instrumentation.setTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
// It patches what is loaded by `require`; Nest imports the same copy.
createRequire(import.meta.url)('socket.io');

function recorded() {
  const spans = exporter
    .getFinishedSpans()
    .map(({ kind, attributes }) => `${SpanKind[kind]} ${String(attributes['messaging.socket.io.event_name'])}`);
  exporter.reset();
  return spans;
}
const { serveChats } = await import('./chat.js');
await serveChats(undefined, undefined, { recorded });
