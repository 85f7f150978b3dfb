/** Plain HTML with the browser client that Socket.IO itself serves: nothing to build, nothing to download. */
export const PLAYGROUND_PAGE = /* html */ `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>nest-realtime-kit playground</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --dim: color-mix(in srgb, currentColor 62%, transparent); }
  * { box-sizing: border-box; }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.25rem; margin: 0 0 1rem; }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0 0 1.25rem; }
  dt { color: var(--dim); }
  dd { margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
  #state::before { content: ''; display: inline-block; width: .6em; height: .6em; border-radius: 50%; margin-right: .5em; background: #c33; }
  #state.connected::before { background: #2a2; }
  form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; margin-bottom: 1.25rem; }
  label { display: grid; font-size: .85rem; color: var(--dim); }
  label.payload { flex: 1; min-width: 12rem; }
  input, button, select { font: inherit; padding: .35rem .6rem; border: 1px solid var(--line); border-radius: .35rem; background: transparent; color: inherit; }
  button { cursor: pointer; }
  ol { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); font: 13px/1.5 ui-monospace, monospace; }
  li { display: grid; grid-template-columns: 5.5rem 9rem 1fr; gap: .75rem; padding: .3rem 0; border-bottom: 1px solid var(--line); }
  time { color: var(--dim); }
  li span { overflow-wrap: anywhere; }
</style>
</head>
<body>
<h1>nest-realtime-kit playground</h1>
<dl>
  <dt>State</dt><dd id="state" role="status">connecting</dd>
  <dt>Socket id</dt><dd id="id">–</dd>
  <dt>Transport</dt><dd id="transport">–</dd>
</dl>
<form id="emit">
  <label>Event<input id="event" value="echo" required></label>
  <label class="payload">Payload (JSON, or else text)<input id="payload" value='{"hello":"world"}'></label>
  <button>Send</button>
  <button type="button" id="toggle">Disconnect</button>
</form>
<ol id="log" aria-live="polite" aria-label="Events"></ol>
<script src="/socket.io/socket.io.js"></script>
<script>
  const $ = (id) => document.getElementById(id);
  const ACK_TIMEOUT = 5000;
  const socket = io();
  const started = performance.now();

  function log(what, detail = '') {
    const row = document.createElement('li');
    const cells = [['time', ((performance.now() - started) / 1000).toFixed(3) + ' s'], ['b', what], ['span', detail]];
    for (const [tag, text] of cells) {
      const cell = document.createElement(tag);
      cell.textContent = text;
      row.append(cell);
    }
    $('log').prepend(row);
  }

  function show() {
    $('state').textContent = socket.connected ? 'connected' : socket.active ? 'connecting' : 'disconnected';
    $('state').classList.toggle('connected', socket.connected);
    $('id').textContent = socket.id ?? '–';
    $('transport').textContent = socket.connected ? socket.io.engine.transport.name : '–';
    $('toggle').textContent = socket.active ? 'Disconnect' : 'Connect';
  }

  const print = (values) => values.map((value) => JSON.stringify(value)).join(', ');

  // The transport may be upgraded before the namespace is joined.
  socket.io.on('open', () => {
    socket.io.engine.once('upgrade', (transport) => { log('upgrade', transport.name); show(); });
  });
  socket.on('connect', () => { log('connect', socket.id); show(); });
  socket.on('disconnect', (reason) => { log('disconnect', reason); show(); });
  socket.on('connect_error', (error) => { log('connect_error', error.message); show(); });
  socket.io.on('reconnect_attempt', (attempt) => log('reconnect_attempt', String(attempt)));
  socket.onAny((event, ...args) => log('received ' + event, print(args.filter((arg) => typeof arg !== 'function'))));

  $('toggle').addEventListener('click', () => { socket.active ? socket.disconnect() : socket.connect(); show(); });
  $('emit').addEventListener('submit', (submitted) => {
    submitted.preventDefault();
    const event = $('event').value;
    const text = $('payload').value;
    let payload = text;
    try { payload = JSON.parse(text); } catch { /* then it is text */ }
    log('sent ' + event, print([payload]));
    socket.timeout(ACK_TIMEOUT).emit(event, payload, (error, ...answer) => {
      log('ack of ' + event, error ? 'none within ' + ACK_TIMEOUT + ' ms' : print(answer));
    });
  });
</script>
</body>
</html>
`;
