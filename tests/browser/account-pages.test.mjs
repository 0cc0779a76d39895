// Every page that an account has, looked at as its owner comes to it; mails are the files of a server without a mail
// server. What must work, against a real mail server: account.test.mjs.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { sql } from '../integration/lib/database.mjs';
import { until } from '../integration/lib/server.mjs';
import { Eyes, launch } from './eyes.mjs';
import { House } from './house.mjs';
import { tell } from './steps.mjs';

const NEW_EMAIL = 'hopper@example.org';
const FIRST = 'nine harbours, one lighthouse';
const SECOND = 'lanterns under the pier at five';

let email = 'grace@example.org';
const story = {};
const { step } = tell(story);
let browser;
let page;
let other; // a second browser
let secret; // of the authenticator app
let codes; // for the day when it is lost

before(async () => {
  story.house = await House.build({ settings: { 'limits.login_per_min': 60, 'limits.account_logins_per_10min': 60 } }); // its owner is in a hurry
  browser = await launch(story.house.server);
  story.eyes = await Eyes.open(browser, story.house.url);
  page = story.eyes.page;
});

after(async () => {
  await browser?.close();
  await story.house?.tearDown();
});

// --- the mailbox --------------------------------------------------------------------------------

const quotedPrintable = (text) =>
  Buffer.from(text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1').toString();

function mails() {
  const directory = join(story.house.server.data, 'mail');
  const names = readdirSync(directory).filter((name) => name.endsWith('.eml'));
  return names.sort().map((name) => quotedPrintable(readFileSync(join(directory, name), 'latin1')));
}

let seen = 0;

// The link of the next mail to this address that has one to this page.
async function linkTo(path, email) {
  const pattern = new RegExp(`https://[^\\s"<>]+${path}#[\\w-]+`);
  return until(
    `a mail with a link to ${path}`,
    () => {
      const all = mails();
      const found = all.slice(seen).find((mail) => mail.includes(email) && pattern.test(mail));
      if (found) seen = all.indexOf(found) + 1;
      return found && pattern.exec(found)[0];
    },
    20_000,
  );
}

// --- the phone ----------------------------------------------------------------------------------

let lastCode = '';

// Each code is good once: waits for the next one when it has to.
async function code() {
  return until('another code', () => {
    const made = execFileSync('oathtool', ['--totp', '--base32', secret], { encoding: 'utf8' }).trim();
    if (made === lastCode) return '';
    lastCode = made;
    return made;
  }, 35_000);
}

// As a phone reads it: from the picture.
async function scan() {
  const picture = join(story.house.directory, 'qr.png');
  writeFileSync(picture, await page.locator('.qr').screenshot());
  return execFileSync('zbarimg', ['--quiet', '--raw', picture], { encoding: 'utf8' }).trim();
}

// --- what is done often -------------------------------------------------------------------------

const heading = (name) => page.getByRole('heading', { name });
const press = (name) => page.getByRole('button', { name, exact: true }).click();

async function typePassword(password, where = page) {
  await where.getByLabel('E-mail').fill(email);
  await where.getByLabel('Password', { exact: true }).fill(password);
  await where.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function signOut() {
  await press('Sign out');
  await heading('Sign in').waitFor();
}

// --- the story ----------------------------------------------------------------------------------

step('a stranger registers: the meter says why, and the proof of work is done meanwhile', async () => {
  const { eyes } = story;
  await page.goto('/');
  await page.getByRole('link', { name: 'Create an account' }).click();
  await heading('Create an account').waitFor();
  await eyes.look('register');
  await page.getByLabel('E-mail').fill(email);
  const password = page.getByLabel('Password', { exact: true });
  await password.fill('grace');
  await page.getByText(/Too short: 7 more characters/).waitFor();
  await password.fill('abcabcabcabc');
  await page.getByText(/easy to guess\. Repeated/i).waitFor();
  await eyes.look('register-easy');
  await password.fill(FIRST);
  await page.getByText('Very hard to guess.').waitFor();
  await press('Create account');
  await heading('Look into your mailbox').waitFor();
  await eyes.look('mailbox');
});

step('nobody signs in before the address is confirmed', async () => {
  const { eyes } = story;
  await page.goto('/sign-in');
  await eyes.expecting(/status of 403/, async () => {
    await typePassword(FIRST);
    await heading('Confirm your address first').waitFor();
  });
  await eyes.look('unconfirmed');
});

step('the link of the mail confirms it by a button, once, and leaves no trace in the address', async () => {
  const { eyes } = story;
  const link = await linkTo('/confirm', email);
  await page.goto(link);
  await heading('Confirm your address').waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await eyes.look('confirm');
  await page.keyboard.press('Enter'); // the button has the focus
  await heading('Confirmed').waitFor();
  await eyes.look('confirmed');
  await page.goto('/');
  await page.goto(link);
  await eyes.expecting(/status of 410/, async () => {
    await press('Confirm my address');
    await heading('This link no longer works').waitFor();
  });
  await eyes.look('link-expired');
  await page.goto('/sign-in');
  await typePassword(FIRST);
  await heading('No devices yet').waitFor();
});

step('an authenticator app is set up from the picture, and recovery codes are kept', async () => {
  const { eyes } = story;
  await page.goto('/account');
  await heading('Profile').waitFor();
  await eyes.look('profile');
  await page.getByRole('link', { name: 'Two-step sign-in' }).click();
  await page.getByText('Off: whoever learns your password').waitFor();
  await eyes.look('two-step-off');
  await press('Set it up');
  await page.locator('.qr').waitFor();
  await page.getByText('It cannot be scanned?').click();
  await eyes.look('authenticator');
  const uri = new URL(await scan());
  secret = uri.searchParams.get('secret');
  assert.equal(uri.protocol, 'otpauth:');
  assert.equal((await page.locator('.copy-line code').innerText()).replace(/\s/g, ''), secret);
  await page.getByLabel('Code', { exact: true }).fill('000000');
  await eyes.expecting(/status of 422/, async () => {
    await press('Switch it on');
    await page.locator('.field-problem').getByText(/\w/).waitFor();
  });
  await page.getByLabel('Code', { exact: true }).fill(await code());
  await press('Switch it on');
  await heading('Keep your recovery codes').waitFor();
  codes = await page.locator('.code-list code').allInnerTexts();
  assert.equal(new Set(codes).size, 10);
  await eyes.look('recovery-codes');
  await press('I have kept them');
  await page.getByText('On, with an authenticator app.').waitFor();
});

step('then the password alone is not enough: a code is, and it is good once', async () => {
  const { eyes } = story;
  await signOut();
  await eyes.expecting(/status of 401/, async () => {
    await typePassword(FIRST);
    await heading('One more step').waitFor();
    await eyes.look('second-step');
    await page.getByLabel('Code from your app').fill(lastCode);
    await press('Sign in');
    await page.locator('.field-problem').getByText(/not right|was used/).waitFor();
  });
  await eyes.look('second-step-refused');
  await page.getByLabel('Code from your app').fill(await code());
  await press('Sign in');
  await heading('No devices yet').waitFor();
});

step('a recovery code stands in for a lost phone', async () => {
  const { eyes } = story;
  await signOut();
  await eyes.expecting(/status of 401/, async () => {
    await typePassword(FIRST);
    await heading('One more step').waitFor();
  });
  await press('Use a recovery code');
  await page.getByLabel('Recovery code').fill(codes[0]);
  await press('Sign in');
  await heading('No devices yet').waitFor();
  await page.goto('/account/two-step');
  await page.getByText('9 of 10 are left.').waitFor();
});

step('a passkey is added, named, and signs in by itself', async () => {
  const { eyes } = story;
  await eyes.addAuthenticator();
  await press('Add a passkey');
  await eyes.look('add-passkey');
  await page.getByLabel('Name', { exact: true }).fill('Virtual key');
  await press('Continue');
  await page.getByText('Virtual key', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Rename Virtual key' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Key of the browser');
  await press('Rename');
  await page.getByText('Key of the browser', { exact: true }).waitFor();
  await eyes.look('two-step-on');
  await press('Sign out');
  await heading('No devices yet').waitFor(); // offered where the address is typed, and this owner takes it at once
  await page.addInitScript(() => Object.assign(PublicKeyCredential, { isConditionalMediationAvailable: async () => false }));
  await page.reload();
  await heading('No devices yet').waitFor();
  await signOut();
  await press('Sign in with a passkey');
  await heading('No devices yet').waitFor();
});

step('a second browser is seen, and signed out from here', async () => {
  const { eyes, house } = story;
  const context = await browser.newContext({ baseURL: house.url });
  other = await context.newPage();
  await other.goto('/sign-in');
  await typePassword(FIRST, other);
  await other.getByRole('button', { name: 'Use a recovery code' }).click();
  await other.getByLabel('Recovery code').fill(codes[1]);
  await other.getByRole('button', { name: 'Sign in', exact: true }).click();
  await other.getByRole('heading', { name: 'No devices yet' }).waitFor();
  await page.goto('/account/sessions');
  await page.getByText('this browser').waitFor();
  await eyes.look('sessions');
  await page.getByRole('button', { name: /^Sign it out/ }).first().click();
  await page.getByText(/is signed out\./).waitFor();
  await other.getByText('Your session has ended.').waitFor();
  await context.close();
});

step('what happened can be read', async () => {
  const { eyes } = story;
  await page.getByRole('link', { name: 'Recent activity' }).click();
  await page.getByText('Recovery code used').first().waitFor();
  await eyes.look('activity');
});

step('a forgotten password is reset by mail; the second step stays', async () => {
  const { eyes } = story;
  await signOut();
  await page.getByRole('link', { name: 'Forgot the password?' }).click();
  await heading('A new password').waitFor();
  await eyes.look('forgot');
  await page.getByLabel('E-mail').fill(email);
  await press('Send me a link');
  await heading('Look into your mailbox').waitFor();
  await page.goto(await linkTo('/reset', email));
  await page.getByLabel('New password').fill(SECOND);
  await page.getByText('Very hard to guess.').waitFor();
  await eyes.look('reset');
  await press('Save the new password');
  await heading('Your password is new').waitFor();
  await eyes.look('reset-done');
  await page.getByRole('link', { name: 'Sign in' }).click();
  await eyes.expecting(/status of 401/, async () => {
    await typePassword(SECOND);
    await heading('One more step').waitFor();
  });
  await press('Use a passkey');
  await heading('No devices yet').waitFor();
});

step('another address: whoever sits there proves who they are, and its own mail confirms it', async () => {
  const { eyes } = story;
  sql(story.house.server, 'UPDATE browser_session SET confirmed_at_ms = 0'); // as after ten minutes
  await page.goto('/account');
  await press('Change the address');
  await page.getByLabel('New e-mail').fill(NEW_EMAIL);
  await eyes.expecting(/status of 40[13]/, async () => {
    await press('Send a link there');
    await heading('Prove that it is you').waitFor();
    await eyes.look('prove-it');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Password', { exact: true }).fill(SECOND);
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.getByLabel('Code from your app').fill(await code());
    await eyes.look('prove-it-code');
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('A mail is on its way').waitFor();
  });
  await page.goto(await linkTo('/confirm-email', NEW_EMAIL));
  await press('Confirm my new address');
  await heading('Confirmed').waitFor();
  await page.getByRole('link', { name: 'Your account' }).click();
  await page.locator('.account-page').getByText(NEW_EMAIL).waitFor();
  email = NEW_EMAIL;
});

step('the data is taken along, and the account deleted', async () => {
  const { eyes } = story;
  await page.goto('/account/data');
  await eyes.look('data');
  for (const [button, name] of [['Account, as JSON', /^oceanremote-account-.*\.json$/], ['Readings, as CSV', /^oceanremote-readings-.*\.csv$/]]) {
    const waiting = page.waitForEvent('download');
    await press(button);
    const download = await waiting;
    assert.match(download.suggestedFilename(), name);
    if (button.includes('JSON')) assert.match(readFileSync(await download.path(), 'utf8'), new RegExp(email));
  }
  await press('Delete my account');
  await page.getByLabel(/to confirm/).fill(email);
  await eyes.look('delete-account');
  await press('Delete for ever');
  await page.getByText('Your account is deleted').waitFor();
  await page.goto('/sign-in');
  await eyes.expecting(/status of 401/, async () => {
    await typePassword(SECOND);
    await page.getByText('E-mail or password is wrong.').waitFor();
  });
});
