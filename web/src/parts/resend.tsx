// The mail again: a few times, with pauses, for somebody who waits in front of an empty mailbox.

import { useEffect, useState } from 'preact/hooks';
import { resendConfirmation } from '../account-api.ts';
import { say } from '../store.ts';
import { Icon } from './icon.tsx';
import { ProblemText, useCountdown } from './problem.tsx';
import { useProver } from './prover.tsx';

const PAUSE_S = 60;
const TIMES = 3;

export function Resend({ email, at = Date.now() }: { email: string; at?: number }) {
  const prover = useProver('mail');
  const [sent, setSent] = useState(0);
  const [lastAt, setLastAt] = useState(at); // of the mail before
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [, tick] = useState(0);
  const left = Math.max(useCountdown(error), Math.ceil((lastAt - Date.now()) / 1000 + PAUSE_S), 0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);

  const again = async () => {
    if (busy || left > 0) return;
    setBusy(true);
    setError(null);
    try {
      await prover.send((proof) => resendConfirmation(email, proof));
      setSent(sent + 1);
      setLastAt(Date.now());
      say('Sent again.');
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  if (sent >= TIMES) {
    return <p class="fine">It was sent {TIMES} times. If none of them arrives, the address may be wrong, or its mail server refuses ours.</p>;
  }
  return (
    <>
      {sent > 0 && (
        <p class="done-line">
          <Icon name="check" /> Sent again.
        </p>
      )}
      <button type="button" aria-disabled={busy || left > 0} onFocus={() => prover.begin()} onClick={() => void again()}>
        {busy ? 'Sending…' : left > 0 ? `Send it again in ${left} s` : 'Send it again'}
      </button>
      <ProblemText error={error} />
    </>
  );
}
