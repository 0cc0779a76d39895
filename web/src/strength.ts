// How long a password would withstand guessing, judged aside: the dictionaries are large and come
// only when somebody is about to choose a password.

import { startWorker } from './scripts.ts';

export interface Verdict {
  score: 0 | 1 | 2 | 3 | 4;
  warning: string; // why it is easy to guess; "" when it isn't
  suggestions: string[];
}

export interface Question {
  id: number;
  password: string;
  about: string[]; // words that an attacker would try first
}

export interface Answer extends Verdict {
  id: number;
}

let judge: Worker | null = null;
let lastId = 0;
const waiting = new Map<number, (verdict: Verdict | null) => void>();

function giveUp(): void {
  for (const answer of waiting.values()) answer(null);
  waiting.clear();
  judge?.terminate();
  judge = null;
}

export function prepare(): void {
  if (judge) return;
  try {
    judge = startWorker('strength');
  } catch {
    return; // no meter then: the server judges in any case
  }
  judge.onmessage = ({ data }: MessageEvent<Answer>) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  };
  judge.onerror = (event) => {
    event.preventDefault();
    giveUp();
  };
}

// null: cannot be told.
export function judgePassword(password: string, about: string[]): Promise<Verdict | null> {
  prepare();
  return new Promise((answer) => {
    if (!judge) return answer(null);
    const question: Question = { id: ++lastId, password, about };
    waiting.set(question.id, answer);
    judge.postMessage(question);
  });
}

// An address, and each word of it: "ada.lovelace@example.org" is guessed by its parts.
export function wordsAbout(email: string): string[] {
  const parts = email.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((part) => part.length > 2);
  return [...new Set([email.toLowerCase(), ...parts, 'oceanremote', 'ocean', 'remote'])].filter(Boolean);
}
