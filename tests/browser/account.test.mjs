// The whole life of an account, in a real browser, with a real mail server, an authenticator of the command line and
// one of the browser: node --test tests/browser/account.test.mjs

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { Exim } from '../integration/lib/mail.mjs';
import { run } from '../integration/lib/server.mjs';
import { Eyes, launch } from './eyes.mjs';
import { House } from './house.mjs';
import { tell } from './steps.mjs';

const EMAIL = 'grace@example.org';
const FIRST = 'lanterns over a harbour wall';
const SECOND = 'seventeen gulls on one mast';

const story = {};
const told = tell(story);
const { step } = told;
let mail;
let browser;
let eyes;
let page;
let other; // a second browser
let key; // of the authenticator app, as it was scanned
let codes; // for recovery

before(async () => {
  mail = await Exim.start();
  // Ten sign-ins within a minute from one address: more than a stranger has.
  const settings = { ...mail.settings(), 'limits.login_per_min': 100, 'limits.register_per_min': 100, 'limits.register_per_10min': 100 };
  const house = await House.build({ settings });
  browser = await launch(house.server);
  eyes = await Eyes.open(browser, house.url);
  page = eyes.page;
  Object.assign(story, { house, eyes });
});

after(async () => {
  await browser?.close();
  if (told.failed) console.log(story.house.log.slice(-60).join('\n'));
  await story.house?.tearDown();
  await mail?.stop();
});

const heading = (name, of = page) => of.getByRole('heading', { name, exact: true }).waitFor();
const press = (name, of = page) => of.getByRole('button', { name, exact: true }).click();
const type = (label, text, of = page) => of.getByLabel(label, { exact: true }).fill(text);

async function program(name, args) {
  const { code, stdout, stderr } = await run(args, { program: name });
  assert.equal(code, 0, `${name}: ${stderr}`);
  return stdout.trim();
}

// A code is good once, and so is every one before it: each is of the next thirty seconds.
let lastStep = 0;
async function code() {
  let step = Math.floor(Date.now() / 30_000);
  while (lastStep > step) {
    await page.waitForTimeout(500);
    step = Math.floor(Date.now() / 30_000);
  }
  lastStep = Math.max(step, lastStep + 1);
  return program('oathtool', ['--totp', '--base32', '--now', `@${lastStep * 30}`, key]);
}

async function signIn(password, of = page) {
  await type('E-mail', EMAIL, of);
  await type('Password', password, of);
}

async function signOut() {
  await press('Sign out');
  await heading('Sign in');
}

// Newest first; kinds of mails are told by their subject.
const linkOf = async (subject) => (await mail.mailTo(EMAIL, { subject })).link;

step('a stranger makes an account; the password is judged in words while it is typed', async () => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Create an account' }).click();
  await heading('Create an account');
  await type('E-mail', EMAIL);
  await page.getByLabel('Password', { exact: true }).pressSequentially('password1234');
  await page.getByText(/common|guess/i).first().waitFor();
  await eyes.look('register');
  await type('Password', FIRST);
  await press('Create account');
  await heading('Look into your mailbox');
  await eyes.look('mailbox');
});

step('the mail arrives at a real mail server, and its link confirms with one press', async () => {
  await page.goto(await linkOf(/Confirm/));
  await heading('Confirm your address');
  assert.equal(new URL(page.url()).hash, '', 'the secret does not stay in the address bar');
  await eyes.look('confirm');
  await press('Confirm my address');
  await heading('Confirmed');
  await page.getByRole('link', { name: 'Sign in' }).click();
  await signIn(FIRST);
  await press('Sign in');
  await heading('No devices yet');
});

step('an authenticator app scans the picture, and shows the code that switches it on', async () => {
  await page.goto('/account/two-step');
  await page.locator('h3', { hasText: 'Authenticator' }).or(page.getByRole('heading', { name: 'Authenticator app' })).first().waitFor();
  await eyes.look('two-step');
  await press('Set it up');
  const picture = join(story.house.directory, 'qr.png');
  writeFileSync(picture, await page.locator('svg.qr').screenshot());
  const uri = new URL(await program('zbarimg', ['--quiet', '--raw', picture]));
  assert.equal(`${uri.protocol}//${uri.host}`, 'otpauth://totp');
  assert.equal(uri.searchParams.get('issuer'), 'OceanRemote');
  key = uri.searchParams.get('secret');
  await eyes.look('two-step-scan');
  await type('Code', await code());
  await press('Switch it on');
  await heading('Keep your recovery codes');
  codes = await page.locator('.code-list code').allInnerTexts();
  assert.equal(codes.length, 10);
  await eyes.look('recovery-codes');
  await press('I have kept them');
  await page.getByText('On, with an authenticator app.').waitFor();
});

step('from now on the password alone is not enough', async () => {
  await signOut();
  await signIn(FIRST);
  await eyes.expecting(/status of 401/, async () => {
    await press('Sign in');
    await heading('One more step');
  });
  await eyes.look('second-step');
  await type('Code from your app', await code());
  await press('Sign in');
  await heading('No devices yet');
});

step('without the phone, a recovery code lets its owner in, once', async () => {
  for (const expected of ['No devices yet', 'One more step']) {
    await signOut();
    await signIn(FIRST);
    await eyes.expecting(/status of 401/, async () => {
      await press('Sign in');
      await heading('One more step');
      await press('Use a recovery code');
      await type('Recovery code', codes[0]);
      await press('Sign in');
      if (expected === 'One more step') await page.locator('.field-problem', { hasText: /./ }).waitFor();
      else await heading(expected);
    });
    if (expected === 'One more step') await press('Start again');
  }
  await heading('Sign in');
  await signIn(FIRST);
  await eyes.expecting(/status of 401/, async () => {
    await press('Sign in');
    await heading('One more step');
  });
  await type('Code from your app', await code());
  await press('Sign in');
  await heading('No devices yet');
});

// The browser's authenticator, with a finger on it all the time.
async function plugIn() {
  const devtools = await eyes.context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
}

step('a passkey is added, and signs in without a password: from the offer of the browser, and by its button', async () => {
  await plugIn();
  await page.goto('/account/two-step');
  await press('Add a passkey');
  await type('Name', 'This laptop');
  await press('Continue');
  await page.getByText('On, with an authenticator app and 1 passkey.').waitFor();
  await eyes.look('passkeys');
  await press('Sign out'); // the finger takes at once what the sign-in page offers
  await heading('No devices yet');
  // From here on the browser offers none.
  await eyes.context.addInitScript(() => (PublicKeyCredential.isConditionalMediationAvailable = async () => false));
  await page.reload();
  await signOut();
  await press('Sign in with a passkey');
  await heading('No devices yet');
});

step('a second browser is told of by mail, seen in the list, and put out', async () => {
  const second = await Eyes.open(browser, story.house.url);
  other = second.page;
  await other.goto('/');
  await signIn(FIRST, other);
  await second.expecting(/status of 401/, async () => {
    await press('Sign in', other);
    await heading('One more step', other);
  });
  await type('Code from your app', await code(), other);
  await press('Sign in', other);
  await heading('No devices yet', other);
  await mail.mailTo(EMAIL, { subject: /new browser/ });
  await page.goto('/account/sessions');
  const rows = page.locator('.rows li');
  await rows.nth(1).waitFor();
  assert.equal(await rows.count(), 2);
  await eyes.look('sessions');
  await rows.nth(1).getByRole('button').click();
  await page.getByText('is signed out.').waitFor();
  await second.expecting(/status of 401/, async () => {
    await other.goto('/account');
    await heading('Sign in', other);
  });
  assert.deepEqual(second.take(), []);
  await second.context.close();
});

step('what has happened can be read', async () => {
  await page.goto('/account/activity');
  await page.locator('.trail li').nth(5).waitFor();
  await eyes.look('activity');
});

step('a forgotten password is replaced by mail; the second step stays', async () => {
  await signOut();
  await page.getByRole('link', { name: 'Forgot the password?' }).click();
  await type('E-mail', EMAIL);
  await press('Send me a link');
  await heading('Look into your mailbox');
  await page.goto(await linkOf(/Choose a new password/));
  await heading('Choose a new password');
  await type('New password', SECOND);
  await eyes.look('reset');
  await press('Save the new password');
  await heading('Your password is new');
  await page.getByRole('link', { name: 'Sign in' }).click();
  await signIn(SECOND);
  await eyes.expecting(/status of 401/, async () => {
    await press('Sign in');
    await heading('One more step');
  });
  await press('Use a passkey');
  await heading('No devices yet');
});

step('the data is taken along, and the account deleted', async () => {
  await page.goto('/account/data');
  const download = page.waitForEvent('download');
  await press('Account, as JSON');
  assert.match((await download).suggestedFilename(), /^oceanremote-account-.*\.json$/);
  await press('Delete my account');
  await page.getByLabel(`Type ${EMAIL} to confirm`).fill(EMAIL);
  await eyes.look('delete');
  await press('Delete for ever');
  await heading('Sign in');
  await page.getByText('Your account is deleted').waitFor();
  await mail.mailTo(EMAIL, { subject: /removed/ });
  await signIn(SECOND);
  await eyes.expecting(/status of 401/, async () => {
    await press('Sign in');
    await page.getByText('E-mail or password is wrong.').waitFor();
  });
});
