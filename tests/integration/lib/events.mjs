// The owner's event stream.

import { request } from 'node:https';
import { SLOWER } from './server.mjs';

export class EventStream {
  seen = []; // { event, data } and { comment }
  isEnded = false;
  #wake = () => {};

  // Throws when the answer is not a stream; the error has the status.
  static open(client) {
    const stream = new EventStream();
    const { server, headers } = client;
    return new Promise((done, fail) => {
      const options = { host: '127.0.0.1', port: server.port, path: '/api/v1/events', headers, ca: server.ca, agent: false };
      stream.request = request(options, (res) => {
        if (res.statusCode !== 200) {
          res.resume();
          fail(Object.assign(new Error(`events: ${res.statusCode}`), { status: res.statusCode, headers: res.headers }));
          return;
        }
        stream.headers = res.headers;
        stream.#follow(res);
        done(stream);
      });
      stream.request.on('error', (error) => {
        stream.#end();
        fail(error);
      });
      stream.request.end();
    });
  }

  #follow(res) {
    let text = '';
    res.setEncoding('utf8').on('data', (part) => {
      const blocks = (text + part).split('\n\n');
      text = blocks.pop();
      for (const block of blocks) this.#take(block);
    });
    res.on('close', () => this.#end());
    res.on('error', () => this.#end());
  }

  #take(block) {
    const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2)));
    if (fields.data !== undefined) this.seen.push({ event: fields.event, data: JSON.parse(fields.data) });
    else this.seen.push(fields[''] === undefined ? fields : { comment: fields[''] });
    this.#wake();
  }

  #end() {
    this.isEnded = true;
    this.#wake();
  }

  // The next one that matches; what came before it is forgotten.
  async next(matches, ms = 5000 * SLOWER) {
    const late = Date.now() + ms;
    for (;;) {
      const at = this.seen.findIndex(matches);
      if (at >= 0) return this.seen.splice(0, at + 1).pop();
      if (this.isEnded || Date.now() > late)
        throw new Error(`no such event; seen: ${JSON.stringify(this.seen)}`);
      await new Promise((done) => {
        const timer = setTimeout(done, late - Date.now() + 1);
        this.#wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
  }

  async ended() {
    while (!this.isEnded) await new Promise((done) => (this.#wake = done));
  }

  close() {
    this.request.destroy();
  }
}
