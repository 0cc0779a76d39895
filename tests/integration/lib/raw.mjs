// One connection, byte by byte: for pipelines, slow clients and whatever no library would send.

import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';

export class RawConnection {
  #received = Buffer.alloc(0);
  #wake = () => {};

  // options: of tls.connect().
  static async open(server, options = {}) {
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, ...options });
    return RawConnection.#over(socket, 'secureConnect');
  }

  // Without TLS. options: of net.connect().
  static async openPlain(port, options = {}) {
    return RawConnection.#over(connectPlain({ host: '127.0.0.1', port, ...options }), 'connect');
  }

  static async #over(socket, opened) {
    const raw = new RawConnection();
    raw.socket = socket;
    raw.isClosed = false;
    raw.socket.on('data', (bytes) => raw.#receive(bytes));
    raw.socket.on('error', (error) => (raw.error = error));
    raw.socket.on('close', () => {
      raw.isClosed = true;
      raw.#wake();
    });
    await Promise.race([once(raw.socket, opened), raw.closed().then(() => Promise.reject(raw.error ?? new Error('closed')))]);
    return raw;
  }

  #receive(bytes) {
    this.#received = Buffer.concat([this.#received, bytes]);
    this.#wake();
  }

  // What has come and was not taken by answer(), as bytes in a string.
  everything() {
    return this.#received.toString('latin1');
  }

  write(text) {
    this.socket.write(text);
  }

  request(method, path, headers = {}, body = '') {
    const lines = Object.entries({ Host: `localhost:${this.socket.remotePort}`, ...headers });
    if (body !== '') lines.push(['Content-Type', 'application/json'], ['Content-Length', Buffer.byteLength(body)]);
    return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
  }

  // The next answer in order: { status, head, text }; null when the connection ends before it.
  async answer({ hasBody = true } = {}) {
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n');
      if (end >= 0) {
        const head = this.#received.subarray(0, end).toString('latin1');
        const length = !hasBody ? 0 : Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
        if (this.#received.length >= end + 4 + length) {
          const text = this.#received.subarray(end + 4, end + 4 + length).toString('utf8');
          this.#received = this.#received.subarray(end + 4 + length);
          return { status: Number(head.slice(9, 12)), head, text };
        }
      }
      if (this.isClosed) return null;
      await this.#more();
    }
  }

  async closed() {
    while (!this.isClosed) await this.#more();
  }

  #more() {
    return new Promise((done) => (this.#wake = done));
  }

  end() {
    this.socket.destroy();
  }
}
