// HTTPS as a script or a browser speaks it: kept connections, our own CA and no other.

import { Agent, request } from 'node:https';
import { PASSWORD } from './server.mjs';

export class Client {
  // headers go with every request; from: the address of this machine to come from.
  constructor(server, headers = {}, from = '127.0.0.1') {
    this.server = server;
    this.headers = headers;
    this.from = from;
    this.agent = new Agent({ keepAlive: true, ca: server.ca, maxCachedSessions: 0, localAddress: from });
  }

  // A browser: it keeps the cookies that it is given. headers as above.
  static browser(server, headers = {}, from) {
    return new Client(server, { Cookie: '', ...headers }, from);
  }

  // A signed-in browser.
  static async login(server, { email, password = PASSWORD }, from) {
    const client = Client.browser(server, {}, from);
    const answer = await client.signIn({ email, password });
    if (answer.status !== 200) throw new Error(`login: ${answer.status} ${answer.text}`);
    return client;
  }

  // Of a browser; the answer.
  async signIn({ email, password = PASSWORD }) {
    const answer = await this.post('/api/v1/login', { email, password }, { headers: { 'X-CSRF-Token': undefined } });
    if (answer.status === 200) this.headers['X-CSRF-Token'] = answer.json.csrf;
    return answer;
  }

  // The value of a cookie that this browser has.
  cookie(name) {
    return cookiesOf(this.headers.Cookie).get(name);
  }

  // What a browser does with the Set-Cookie lines of an answer.
  #keepCookies(lines = []) {
    if (this.headers.Cookie === undefined) return;
    const cookies = cookiesOf(this.headers.Cookie);
    for (const line of lines) {
      const [, name, value] = /^([^=]*)=([^;]*)/.exec(line);
      if (/; Max-Age=0/.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    this.headers.Cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  // A script with a fresh API key of this signed-in browser.
  async withKey(scope) {
    const { json } = await this.post('/api/v1/api-keys', { name: `a ${scope} key`, scope });
    return new Client(this.server, { Authorization: `Bearer ${json.key}` }, this.from);
  }

  // The same caller, with some headers more or (undefined) less.
  but(headers) {
    return new Client(this.server, { ...this.headers, ...headers }, this.from);
  }

  // { status, headers, bytes, text, json? }; body: an object is sent as JSON, a string as it is.
  send(method, path, { body, headers = {} } = {}) {
    const all = { ...this.headers, ...headers };
    if (all.Cookie === '') delete all.Cookie;
    const bytes = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    if (bytes !== undefined) {
      all['Content-Length'] = Buffer.byteLength(bytes);
      all['Content-Type'] ??= 'application/json';
    }
    for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
    return new Promise((done, fail) => {
      const { port } = this.server;
      const named = all.Host === undefined ? {} : { servername: 'localhost' }; // whatever the request calls the server
      const req = request({ host: '127.0.0.1', port, method, path, headers: all, agent: this.agent, ...named }, (res) => {
        const parts = [];
        res.on('data', (part) => parts.push(part));
        res.on('error', fail);
        res.on('end', () => {
          this.#keepCookies(res.headers['set-cookie']);
          done(answerOf(res, Buffer.concat(parts)));
        });
      });
      req.on('error', fail);
      req.end(bytes);
    });
  }

  get(path, options) {
    return this.send('GET', path, options);
  }

  post(path, body, options) {
    return this.send('POST', path, { body, ...options });
  }

  patch(path, body, options) {
    return this.send('PATCH', path, { body, ...options });
  }

  delete(path, options) {
    return this.send('DELETE', path, options);
  }

  // Add a device: its object with the token.
  async addDevice(name = 'Greenhouse') {
    const { status, json, text } = await this.post('/api/v1/devices', { name, board: 'linux' });
    if (status !== 201) throw new Error(`add device: ${status} ${text}`);
    return json;
  }

  async device(id) {
    return (await this.get(`/api/v1/devices/${id}`)).json;
  }

  close() {
    this.agent.destroy();
  }
}

function cookiesOf(text = '') {
  return new Map(text.split('; ').filter(Boolean).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

function answerOf(res, bytes) {
  const answer = { status: res.statusCode, headers: res.headers, bytes, text: bytes.toString('utf8') };
  const isJson = /json/.test(res.headers['content-type'] ?? '') && res.headers['content-encoding'] === undefined;
  if (isJson && answer.text !== '') answer.json = JSON.parse(answer.text);
  return answer;
}
