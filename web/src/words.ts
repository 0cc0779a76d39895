// Problems as sentences for an owner: what happened, and the way out.

import { Problem } from './client.ts';
import { PasskeyProblem } from './webauthn.ts';

const WAYS_OUT: Record<string, string> = {
  'storage-full': 'The server has no disk space left. Make room on it, then try again.',
  'csrf-refused': 'This page is out of date. Reload it, then try again.',
  'not-found': 'It no longer exists. Somebody may have deleted it.',
  'not-proved': 'Nothing was changed, because it was not confirmed that it is you.',
  'registration-closed': 'New accounts are made by whoever runs this server. Ask them for one.',
  'link-expired': 'This link was used already, or it is too old.',
  'second-factor-required': 'Set up two-step sign-in first.',
  'code-refused': 'That code is not right, or was used already. Wait for the next one and type it.',
};

// The check that a person is there, which nobody sees as long as it works.
const AGAIN = 'The check that you are a person did not work out this time. Press the button again.';

export function quiet(error: unknown): string {
  if (error instanceof PasskeyProblem) return error.message;
  if (!(error instanceof Problem)) return 'Something went wrong in this page. Reload it.';
  if (error.kind === 'unreachable') return 'The server cannot be reached. This page keeps trying.';
  if (error.field === 'form') return AGAIN;
  const way = WAYS_OUT[error.kind];
  const text = error.detail || way || error.title;
  return error.retryAfterS ? `${text} Try again in ${error.retryAfterS} s.` : text;
}

// Of a form's problem: what belongs to one of its fields, and what to none of those it shows.
export const fieldProblem = (error: unknown, field: string) =>
  error instanceof Problem && error.field === field ? quiet(error) : '';

export const otherProblem = (error: unknown, ...shown: string[]) =>
  error instanceof Problem && error.field !== null && shown.includes(error.field) ? null : error;
