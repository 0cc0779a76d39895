// Somebody between a client and the server who has the server's key and changes what is said: a server that is almost
// ours, for tests of those who should notice.

import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer } from 'node:tls';
import { join } from 'node:path';

// Whole messages out of a stream: { start, fields: [[name, value]], body }.
class Messages {
  #left = Buffer.alloc(0);

  constructor(onMessage) {
    this.onMessage = onMessage;
  }

  push(bytes) {
    this.#left = Buffer.concat([this.#left, bytes]);
    for (;;) {
      const end = this.#left.indexOf('\r\n\r\n');
      if (end < 0) return;
      const [start, ...lines] = this.#left.subarray(0, end).toString('latin1').split('\r\n');
      const fields = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
      const length = Number(fields.find(([name]) => /^content-length$/i.test(name))?.[1] ?? 0);
      if (this.#left.length < end + 4 + length) return;
      const body = this.#left.subarray(end + 4, end + 4 + length).toString('latin1');
      this.#left = this.#left.subarray(end + 4 + length);
      this.onMessage({ start, fields, body });
    }
  }
}

const text = ({ start, fields, body }) => `${[start, ...fields.map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n${body}`;
const lengthOf = (message) => {
  const field = message.fields.find(([name]) => /^content-length$/i.test(name));
  if (field) field[1] = String(message.body.length);
  return message;
};

// What a test changes: methods of one answer (or request).
export class Message {
  constructor(message, request) {
    Object.assign(this, message);
    this.request = request; // of an answer
  }
  get method() {
    return (this.request ?? this).start.split(' ')[0];
  }
  get path() {
    return (this.request ?? this).start.split(' ')[1];
  }
  get status() {
    return Number(this.start.split(' ')[1]);
  }
  set status(value) {
    this.start = `HTTP/1.1 ${value} Changed`;
  }
  field(name) {
    return this.fields.find(([n]) => n.toLowerCase() === name.toLowerCase())?.[1];
  }
  drop(name) {
    this.fields = this.fields.filter(([n]) => n.toLowerCase() !== name.toLowerCase());
  }
  set(name, value) {
    this.drop(name);
    this.fields.push([name, value]);
  }
}

export class Meddler {
  connections = 0;
  requests = 0;

  // tls: options of createServer() besides the server's own key and certificate. asked(request) may change a request,
  // or return an answer of its own as a string; answered(answer) may change an answer.
  static async start(server, { tls = {}, asked = () => {}, answered = () => {} } = {}) {
    const meddler = new Meddler();
    const keys = join(server.data, 'keys');
    const options = { key: readFileSync(join(keys, 'server-key.pem')), cert: readFileSync(join(keys, 'server.pem')), ...tls };
    meddler.listener = createServer(options, (near) => meddler.#stand(near, server, asked, answered));
    meddler.listener.on('tlsClientError', () => {});
    meddler.listener.listen(0, '127.0.0.1');
    await once(meddler.listener, 'listening');
    meddler.url = `https://localhost:${meddler.listener.address().port}`;
    return meddler;
  }

  #stand(near, server, asked, answered) {
    this.connections++;
    const far = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, servername: 'localhost' });
    const open = [];
    for (const [one, other] of [[near, far], [far, near]]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    const requests = new Messages((message) => {
      this.requests++;
      const request = new Message(message);
      const own = asked(request);
      if (typeof own === 'string') return near.write(own);
      open.push(request);
      far.write(text(lengthOf(request)), 'latin1');
    });
    const answers = new Messages((message) => {
      const answer = new Message(message, open.shift());
      answered(answer);
      near.write(text(lengthOf(answer)), 'latin1');
      if (answer.field('Connection') === 'close') near.end();
    });
    near.on('data', (bytes) => requests.push(bytes));
    far.on('data', (bytes) => answers.push(bytes));
  }

  stop() {
    this.listener.close();
    this.listener.closeAllConnections?.();
  }
}
