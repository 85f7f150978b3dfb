import type { Endpoint, Reply, RequestInit } from './endpoint.js';

/** An Engine.IO session by HTTP long-polling, of which each request is made by hand. */
export class PollingSession {
  private constructor(
    private readonly endpoint: Endpoint,
    readonly sid: string,
  ) {}

  static async open(endpoint: Endpoint): Promise<PollingSession> {
    const { body } = await endpoint.request({ transport: 'polling' });
    const { sid } = JSON.parse(body.slice(1)) as { sid: string };
    return new PollingSession(endpoint, sid);
  }

  /** Fetches what the server has to say, or waits until it has something. */
  poll(init?: RequestInit): Promise<Reply> {
    return this.endpoint.request({ transport: 'polling', sid: this.sid }, init);
  }

  /** Begins to poll. @returns once the server knows of it; `reply` is what comes of it */
  async pollInBackground(init?: RequestInit): Promise<{ reply: Promise<Reply> }> {
    const arrival = this.endpoint.arrival(this.sid, 'GET');
    const reply = this.poll(init);
    await arrival;
    return { reply };
  }

  post(body: string): Promise<Reply> {
    return this.poll({ method: 'POST', body });
  }
}
