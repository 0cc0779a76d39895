// How good a password is, and why it isn't better, while it is typed. The server has the last word.

import { useEffect, useState } from 'preact/hooks';
import { judgePassword, wordsAbout, type Verdict } from '../strength.ts';

const CALM_MS = 300; // nobody wants to be judged between two keys
const WORDS = ['Very easy to guess', 'Easy to guess', 'Not hard enough to guess', 'Hard to guess', 'Very hard to guess'];

interface Props {
  id: string;
  password: string;
  min: number | null; // null: only the server knows
  email: () => string;
}

export function Meter({ id, password, min, email }: Props) {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(async () => {
      const judged = password ? await judgePassword(password, wordsAbout(email())) : null;
      if (isCurrent) setVerdict(judged);
    }, CALM_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [password]);

  const missing = (min ?? 0) - [...password].length;
  const score = password && verdict ? verdict.score : null;
  const level = score === null ? 0 : missing > 0 ? 1 : Math.max(1, score);
  return (
    <div class="meter">
      <span class={`meter-bar meter-${level}`} aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
      </span>
      <div id={id} class="field-hint" aria-live="polite">
        {score === null || !verdict ? (
          <>
            {min !== null && `At least ${min} characters, any you like. `}A few words that do not belong together are easy to keep in mind and hard to
            guess.
          </>
        ) : (
          <>
            <b>{missing > 0 ? `Too short: ${missing} more ${missing === 1 ? 'character' : 'characters'}.` : `${WORDS[score]}.`}</b>{' '}
            {score < 3 && [verdict.warning, verdict.suggestions[0]].filter(Boolean).join(' ')}
          </>
        )}
      </div>
    </div>
  );
}
