import { useState } from 'preact/hooks';

// A form: busy while it is sent, done when it worked, the problem where it failed.
export function useAction(action: (values: FormData) => Promise<void>, onDone: () => void = () => {}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run = async (event: Event) => {
    event.preventDefault();
    if (busy) return;
    const form = event.currentTarget instanceof HTMLFormElement ? event.currentTarget : undefined;
    setBusy(true);
    setError(null);
    try {
      await action(new FormData(form));
      setBusy(false);
      onDone();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return { busy, error, setError, submit: (event: Event) => void run(event) };
}

export const text = (values: FormData, name: string) => String(values.get(name) ?? '').trim();
export const secret = (values: FormData, name: string) => String(values.get(name) ?? ''); // spaces count
