// Everything that is kept for an owner: to take away, and to delete.

import { useRef, useState } from 'preact/hooks';
import { deleteAccount, exportAccount } from '../../account-api.ts';
import { text, useAction } from '../../parts/action.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Field } from '../../parts/field.tsx';
import { Icon } from '../../parts/icon.tsx';
import { ProblemText } from '../../parts/problem.tsx';
import { saveFile } from '../../parts/save.ts';
import { Section } from '../../parts/section.tsx';
import { navigate } from '../../route.ts';
import { leave } from '../../session.ts';
import { note, say, useStore } from '../../store.ts';
import { fieldProblem, otherProblem } from '../../words.ts';
import { collectReadings, type Progress } from './readings-export.ts';

const today = () => new Date().toISOString().slice(0, 10);

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

function Readings() {
  const [progress, setProgress] = useState<Progress | null>(null);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController | null>(null);
  const run = async () => {
    const control = new AbortController();
    stop.current = control;
    setError(null);
    setProgress({ pages: 0, bytes: 0 });
    try {
      saveFile(await collectReadings(control.signal, setProgress), `oceanremote-readings-${today()}.csv`);
      say('The readings are downloaded.');
    } catch (problem) {
      if (!control.signal.aborted) setError(problem);
    }
    setProgress(null);
  };
  return (
    <>
      {progress ? (
        <p class="progress">
          <progress aria-label="Collecting the readings" />
          <span>{megabytes(progress.bytes)} MB so far</span>
          <button type="button" onClick={() => stop.current?.abort()}>
            Stop
          </button>
        </p>
      ) : (
        <button type="button" onClick={() => void run()}>
          <Icon name="download" /> Readings, as CSV
        </button>
      )}
      <ProblemText error={error} />
    </>
  );
}

function Export() {
  const { busy, error, submit } = useAction(async () => saveFile(await exportAccount(), `oceanremote-account-${today()}.json`));
  return (
    <>
      <div class="actions">
        <button type="button" aria-disabled={busy} onClick={submit}>
          <Icon name="download" /> {busy ? 'Collecting…' : 'Account, as JSON'}
        </button>
        <Readings />
      </div>
      <ProblemText error={error} />
    </>
  );
}

function DeleteDialog({ email, onClose }: { email: string; onClose: () => void }) {
  const [typed, setTyped] = useState('');
  const { busy, error, submit } = useAction(async (values) => {
    await deleteAccount(text(values, 'email'));
    leave('out');
    navigate('/sign-in', 'replace');
    note('done', 'Your account is deleted, with everything that it owned.');
  });
  const same = typed.trim().toLowerCase() === email.toLowerCase();
  return (
    <Dialog title="Delete your account?" onClose={onClose}>
      <form onSubmit={submit}>
        <p>
          Your devices, their readings and your keys go with it. Your devices can no longer connect. Nobody can undo this. That the account was there, and
          what was done with it, stays in the log of whoever runs the server.
        </p>
        <div>
          <p class="fine">Take your data with you first:</p>
          <Export />
        </div>
        <Field
          label={
            <>
              Type <b class="address">{email}</b> to confirm
            </>
          }
          name="email"
          type="email"
          autocomplete="off"
          spellcheck={false}
          autocapitalize="off"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
          problem={fieldProblem(error, 'email')}
        />
        <div role="alert">
          <ProblemText error={otherProblem(error, 'email')} />
        </div>
        <div class="actions">
          <button class="danger" type="submit" disabled={busy || !same}>
            <Icon name="trash" /> Delete for ever
          </button>
          <button type="button" class="quiet" onClick={onClose}>
            Keep my account
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function Data() {
  const email = useStore((state) => (typeof state.session === 'object' ? state.session.email : ''));
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Section
        title="Take it with you"
        intro="The account with its devices, keys’ names, sessions and trail is one file. The readings, a row for each minute, are another."
      >
        <Export />
      </Section>
      <Section title="Delete the account" intro="Everything goes, at once and for good: the account, its devices, and all their readings.">
        <div class="actions">
          <button type="button" class="danger-quiet" onClick={() => setAsking(true)}>
            <Icon name="trash" /> Delete my account
          </button>
        </div>
      </Section>
      {asking && <DeleteDialog email={email} onClose={() => setAsking(false)} />}
    </>
  );
}
