// What went wrong with the form above, with the time to wait where the server names one.

import { useEffect, useState } from 'preact/hooks';
import { Problem } from '../api.ts';
import { quiet } from '../words.ts';
import { Icon } from './icon.tsx';

// Seconds until the server wants to be asked again; 0 when it may be asked now.
export function useCountdown(error: unknown): number {
  const wait = error instanceof Problem ? (error.retryAfterS ?? 0) : 0;
  const [left, setLeft] = useState(wait);
  useEffect(() => {
    setLeft(wait);
    if (!wait) return;
    const end = Date.now() + wait * 1000;
    const timer = setInterval(() => {
      const seconds = Math.max(0, Math.ceil((end - Date.now()) / 1000));
      setLeft(seconds);
      if (seconds === 0) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [error]);
  return left;
}

export function ProblemText({ error }: { error: unknown }) {
  if (!error) return null;
  return (
    <p class="problem">
      <Icon name="warning" />
      <span>{quiet(error)}</span>
    </p>
  );
}
