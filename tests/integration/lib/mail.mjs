// The mails of a server without SMTP: files in DIR/mail, where whoever runs it finds them.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from './database.mjs';
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
  'Your account was removed': 'account-removed',
  'A registration from a data centre': 'watch',
};

const unquoted = (text) => text.replace(/=\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));

function read(path) {
  const text = readFileSync(path, 'utf8').replace(/\r\n/g, '\n');
  const field = (name) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1];
  const body = unquoted(text);
  return {
    kind: KINDS[field('Subject')] ?? field('Subject'),
    to: field('To').replace(/[<>]/g, ''),
    body,
    link: /https:\/\/\S+#oc_mail_[A-Za-z0-9_-]{43}/.exec(body)?.[0],
  };
}

const numberOf = (name) => Number(/-(\d+)\.eml$/.exec(name)[1]);

// All that have left, or those to one address; oldest first. Waits until none is left to leave.
export async function mailsOf(server, to) {
  await until('all mails have left', () => sql(server, 'SELECT count(*) FROM mail')[0][0] === 0);
  const names = readdirSync(join(server.data, 'mail')).filter((name) => name.endsWith('.eml')).sort((a, b) => numberOf(a) - numberOf(b));
  return names.map((name) => read(join(server.data, 'mail', name))).filter((mail) => to === undefined || mail.to === to);
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
