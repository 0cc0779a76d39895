// Problems as sentences for an owner: what happened, and the way out.

import { Problem } from './api.ts';

const WAYS_OUT: Record<string, string> = {
  'storage-full': 'The server has no disk space left. Make room on it, then try again.',
  'csrf-refused': 'This page is out of date. Reload it, then try again.',
  'not-found': 'It no longer exists. Somebody may have deleted it.',
};

export function quiet(error: unknown): string {
  if (!(error instanceof Problem)) return 'Something went wrong in this page. Reload it.';
  if (error.kind === 'unreachable') return 'The server cannot be reached. This page keeps trying.';
  const way = WAYS_OUT[error.kind];
  const text = error.detail || way || error.title;
  return error.retryAfterS ? `${text} Try again in ${error.retryAfterS} s.` : text;
}
