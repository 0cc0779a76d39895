// The browser, and everything about a page that must never happen.

import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

const option = process.argv.indexOf('--screenshots');
const PICTURED = ['sign-in', 'add-waiting', 'alive', 'device', 'devices']; // enough to show what it is
export const SCREENSHOTS = option > 0 ? process.argv[option + 1] : process.env.SCREENSHOTS;

// It trusts this server's key, as one does who has installed its authority: a browser that was told to ignore what is
// wrong with a certificate makes no passkeys.
export const launch = (server) =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      `--ignore-certificate-errors-spki-list=${keyDigest(server)}`,
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });

// SHA-256 of the public key that the server shows.
function keyDigest(server) {
  const { publicKey } = new X509Certificate(readFileSync(join(server.data, 'keys/server.pem')));
  return createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
}

// In the page: what fades in is judged when it is there.
const settled = () =>
  Promise.allSettled(
    document
      .getAnimations()
      .filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity)
      .map((animation) => animation.finished),
  ).then(() => {});

export class Eyes {
  faults = [];
  #expected = null;
  #session = null;

  static async open(browser, url) {
    const eyes = new Eyes();
    eyes.context = await browser.newContext({ viewport: { width: 1280, height: 860 }, baseURL: url });
    await eyes.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    eyes.page = await eyes.context.newPage();
    eyes.page.setDefaultTimeout(10_000);
    eyes.#watch(new URL(url).origin);
    return eyes;
  }

  #watch(origin) {
    const { page } = this;
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.#fault(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.#fault(`page: ${error.stack}`));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`) && !url.startsWith('blob:')) this.#fault(`a request left the server: ${url}`);
    });
  }

  #fault(text) {
    if (!this.#expected?.test(text)) this.faults.push(text);
  }

  // While this runs, such complaints are what should happen (a refused password is a 401).
  async expecting(pattern, action) {
    this.#expected = pattern;
    try {
      return await action();
    } finally {
      await this.page.waitForTimeout(50); // the browser reports a moment after
      this.#expected = null;
    }
  }

  // Not a script of the page: the policy stays strict. One for all, because the end of any takes the passkeys along.
  async #devtools() {
    this.#session ??= await this.context.newCDPSession(this.page);
    return this.#session;
  }

  // A device in the browser that makes and keeps passkeys, and whose owner is always there.
  async addAuthenticator() {
    const devtools = await this.#devtools();
    await devtools.send('WebAuthn.enable');
    const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
    await devtools.send('WebAuthn.addVirtualAuthenticator', { options: { ...options, automaticPresenceSimulation: true } });
  }

  async #axe() {
    const session = await this.#devtools();
    const evaluate = async (expression) => {
      const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    await evaluate(AXE);
    const found = await evaluate(`axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then((r) => r.violations.map((v) => ({
      id: v.id, nodes: v.nodes.map((n) => n.html.slice(0, 160) + '  ' + n.failureSummary) })))`);
    return found;
  }

  // This page at this moment: accessible and without sideways scrolling, wide and narrow, light and dark.
  async look(name) {
    const { page } = this;
    for (const [width, height] of [[320, 700], [1280, 860]]) {
      await page.setViewportSize({ width, height });
      for (const colorScheme of ['dark', 'light']) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.waitForTimeout(250);
        await page.evaluate(settled);
        const where = `${name}, ${width} px, ${colorScheme}`;
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (over > 0) this.faults.push(`${where}: scrolls sideways by ${over} px`);
        for (const { id, nodes } of await this.#axe()) this.faults.push(`${where}: axe ${id}\n  ${nodes.join('\n  ')}`);
        if (PICTURED.includes(name)) await this.#picture(`${name}-${width === 320 ? 'narrow-' : ''}${colorScheme}`);
      }
    }
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'no-preference' });
  }

  async #picture(name) {
    if (!SCREENSHOTS) return;
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.mouse.move(0, 0);
    await this.page.evaluate(() => window.scrollTo(0, 0));
    await this.page.waitForTimeout(200);
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }

  // What went wrong since the last time this was asked.
  take() {
    return this.faults.splice(0);
  }
}
