// After registering: the rest happens in a mailbox.

import { useRef } from 'preact/hooks';
import { Entrance } from '../parts/entrance.tsx';
import { Icon } from '../parts/icon.tsx';
import { Resend } from '../parts/resend.tsx';
import { useArrival } from '../parts/arrival.ts';

interface Props {
  email: string;
  warning: string;
  onChange: () => void;
}

export function Mailbox({ email, warning, onChange }: Props) {
  const at = useRef(Date.now());
  useArrival();
  return (
    <Entrance title="Look into your mailbox">
      <p>
        A mail is on its way to <b class="address">{email}</b>. Open the link in it within 24 hours, and your account is ready.
      </p>
      {warning && (
        <p class="hint hint-late">
          <Icon name="warning" /> <span>{warning}</span>
        </p>
      )}
      <h2>Nothing there?</h2>
      <ul class="plain-list">
        <li>Give it a few minutes, and look into the folder for spam.</li>
        <li>Is there already an account with this address? Then the mail says so.</li>
        <li>
          Is the address mistyped?{' '}
          <button type="button" class="link-button" onClick={onChange}>
            Use another one
          </button>
        </li>
      </ul>
      <Resend email={email} at={at.current} />
      <p class="below">
        <a href="/sign-in">Sign in</a>
      </p>
    </Entrance>
  );
}
