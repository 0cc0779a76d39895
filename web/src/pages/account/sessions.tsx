// Every browser that is signed in as this owner, and the way to end it.

import { useState } from 'preact/hooks';
import { endOtherSessions, endSession, sessions as loadSessions } from '../../account-api.ts';
import { dateTime } from '../../format.ts';
import { Age } from '../../parts/age.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Icon } from '../../parts/icon.tsx';
import { LoadProblem, Section, useLoaded } from '../../parts/section.tsx';
import { note } from '../../store.ts';
import type { BrowserSession } from '../../types.ts';
import { quiet } from '../../words.ts';

const WAYS: Record<string, string> = {
  password: 'password',
  'password+code': 'password and a code',
  'password+recovery-code': 'password and a recovery code',
  'password+passkey': 'password and a passkey',
  passkey: 'passkey',
};

const nameOf = (session: BrowserSession) => `${session.browser} on ${session.system}`;

function Row({ session, onEnd }: { session: BrowserSession; onEnd: () => void }) {
  return (
    <li>
      <div>
        <b>{nameOf(session)}</b> {session.current && <span class="tag">this browser</span>}
        <p class="fine">
          <span class="address">{session.address}</span>
          {session.network && `, ${session.network}`} · used <Age ms={Date.parse(session.last_used_at)} />
        </p>
        <p class="fine">
          Signed in {dateTime(Date.parse(session.created_at))} with {WAYS[session.signed_in_with] ?? session.signed_in_with}
        </p>
      </div>
      {!session.current && (
        <button type="button" class="danger-quiet" aria-label={`Sign it out: ${nameOf(session)}, ${session.address}`} onClick={onEnd}>
          Sign it out
        </button>
      )}
    </li>
  );
}

export function Sessions() {
  const { value, error, reload } = useLoaded(loadSessions);
  const [asking, setAsking] = useState(false);
  const end = async (session: BrowserSession) => {
    try {
      await endSession(session.id);
      note('done', `${nameOf(session)} is signed out.`);
    } catch (problem) {
      note('error', `Not signed out. ${quiet(problem)}`);
    }
    await reload();
    document.querySelector<HTMLElement>('.account-page h2')?.focus(); // the button that had it is gone
  };
  const list = value && [...value].sort((a, b) => Number(b.current) - Number(a.current) || b.last_used_at.localeCompare(a.last_used_at));
  return (
    <Section
      title="Browsers"
      intro="A session ends after a day without use, and after two weeks in any case. Is there one that you do not know? Sign it out, then change your password."
    >
      <LoadProblem error={error} onAgain={() => void reload()} />
      {list && (
        <ul class="rows">
          {list.map((session) => (
            <Row key={session.id} session={session} onEnd={() => void end(session)} />
          ))}
        </ul>
      )}
      {list && list.length > 1 && (
        <div class="actions">
          <button type="button" class="danger-quiet" onClick={() => setAsking(true)}>
            <Icon name="sign-out" /> Sign out all others
          </button>
        </div>
      )}
      {asking && (
        <ConfirmDialog
          title="Sign out all other browsers?"
          act="Sign them out"
          action={async () => {
            await endOtherSessions();
            await reload();
            note('done', 'All other browsers are signed out.');
          }}
          onClose={() => setAsking(false)}
        >
          You stay signed in here. Devices and API keys go on as before.
        </ConfirmDialog>
      )}
    </Section>
  );
}
