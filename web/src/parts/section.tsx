// A panel of an account's page, with its heading, and what it shows while its data comes or fails.

import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useId, useState } from 'preact/hooks';
import { ProblemText } from './problem.tsx';

export function Section({ title, intro, children }: { title: string; intro?: ComponentChildren; children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="panel" aria-labelledby={id}>
      <h2 id={id} tabIndex={-1}>
        {title}
      </h2>
      {intro && <p class="fine">{intro}</p>}
      {children}
    </section>
  );
}

// What the server knows, and a way to ask again.
export function useLoaded<T>(load: () => Promise<T>) {
  const [value, setValue] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const reload = useCallback(async () => {
    setError(null);
    try {
      setValue(await load());
    } catch (problem) {
      setError(problem);
    }
  }, []);
  useEffect(() => void reload(), []);
  return { value, error, reload };
}

export function LoadProblem({ error, onAgain }: { error: unknown; onAgain: () => void }) {
  if (!error) return null;
  return (
    <div class="load-problem">
      <ProblemText error={error} />
      <button type="button" onClick={onAgain}>
        Try again
      </button>
    </div>
  );
}
