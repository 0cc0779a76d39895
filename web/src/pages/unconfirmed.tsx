// The password was right, but the address has not been confirmed yet.

import { useArrival } from '../parts/arrival.ts';
import { Entrance } from '../parts/entrance.tsx';
import { lazy } from '../parts/lazy.tsx';

const Resend = lazy(async () => (await import('./entry.tsx')).ResendNow);

export function Unconfirmed({ email, onBack }: { email: string; onBack: () => void }) {
  useArrival();
  return (
    <Entrance title="Confirm your address first">
      <p>
        A mail went to <b class="address">{email}</b> when you registered. Open the link in it, then sign in. It works for 24 hours.
      </p>
      <ul class="plain-list">
        <li>Not there? Look into the folder for spam.</li>
        <li>Too old, or lost? Have it sent again.</li>
      </ul>
      <Resend email={email} />
      <p class="below">
        <button type="button" class="link-button" onClick={onBack}>
          Back to sign in
        </button>
      </p>
    </Entrance>
  );
}
