// The mails that a server without SMTP has put into DIR/mail, by what they are about, and the tokens of their links.

import { join } from 'node:path';
import { sql } from './database.mjs';
import { mailsIn } from './mail.mjs';
import { until } from './server.mjs';

// What the subject says it is: the names of server/domain/mail.h.
const KINDS = {
  'Confirm your mail address': 'confirm-signup',
  'You already have an account': 'signup-known',
  'Choose a new password': 'reset',
  'Confirm your new mail address': 'confirm-email',
  'Your mail address is about to change': 'email-changing',
  'Your mail address has changed': 'email-changed',
  'Your password has changed': 'password-changed',
  'A sign-in from a new browser': 'new-browser',
  'A second factor was added': 'factor-added',
  'A second factor was removed': 'factor-removed',
  'A recovery code was used': 'recovery-used',
  'New recovery codes were made': 'recovery-made',
  'A session of yours was ended': 'session-stolen',
  'An API key was made': 'key-added',
  'Your account was removed': 'account-removed',
};

// All that have left, or those to one address; oldest first. Waits until none is left to leave.
export async function mailsOf(server, to) {
  await until('all mails have left', () => sql(server, 'SELECT count(*) FROM mail')[0][0] === 0);
  return mailsIn(join(server.data, 'mail'), to).map((mail) => ({ ...mail, kind: KINDS[mail.subject] ?? mail.subject }));
}

export const kindsTo = async (server, to) => (await mailsOf(server, to)).map(({ kind }) => kind);

// The tokens of the links in the mails of this kind to this address, oldest first.
export async function tokensOf(server, to, kind) {
  const links = (await mailsOf(server, to)).filter((mail) => mail.kind === kind).map(({ link }) => link);
  return links.map((link) => link.slice(link.indexOf('#') + 1));
}

// Of the newest one.
export async function tokenOf(server, to, kind) {
  const token = (await tokensOf(server, to, kind)).at(-1);
  if (!token) throw new Error(`no mail ${kind} to ${to}: ${await kindsTo(server, to)}`);
  return token;
}
