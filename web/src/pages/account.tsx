// The account: who is signed in, and the keys that scripts use in their name.

import { useEffect, useRef, useState } from 'preact/hooks';
import * as api from '../api.ts';
import { dateTime } from '../format.ts';
import { Age } from '../parts/age.tsx';
import { CopyLine } from '../parts/copy.tsx';
import { Icon } from '../parts/icon.tsx';
import { ProblemText } from '../parts/problem.tsx';
import { usePageTitle } from '../parts/title.ts';
import { note, useStore } from '../store.ts';
import type { ApiKey, Scope } from '../types.ts';
import { quiet } from '../words.ts';

const SCOPES: [Scope, string][] = [
  ['read', 'Read'],
  ['control', 'Read and switch'],
  ['manage', 'Manage devices'],
];

function NewKey({ keys, onMade }: { keys: ApiKey[]; onMade: () => void }) {
  const [made, setMade] = useState<{ id: number; key: string } | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const values = new FormData(form);
    setBusy(true);
    setError(null);
    try {
      setMade(await api.addApiKey(String(values.get('name')).trim(), values.get('scope') as Scope));
      form.reset();
      onMade();
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return (
    <>
      {made && keys.some((key) => key.id === made.id) && (
        <div class="key-made" role="status">
          <p>Copy the key now: it is shown only this once.</p>
          <CopyLine text={made.key} label="The new API key" />
        </div>
      )}
      <form class="key-form" onSubmit={(event) => void submit(event)}>
        <label class="field">
          <span>Name</span>
          <input name="name" required maxLength={64} autocomplete="off" placeholder="Nightly export" />
        </label>
        <label class="field">
          <span>May</span>
          <select name="scope">
            {SCOPES.map(([scope, words]) => (
              <option key={scope} value={scope}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <button class="primary" type="submit" disabled={busy}>
          <Icon name="key" /> Make a key
        </button>
      </form>
      <ProblemText error={error} />
    </>
  );
}

function Keys({ keys, onDelete }: { keys: ApiKey[]; onDelete: (key: ApiKey) => void }) {
  if (keys.length === 0) return <p class="fine">No keys yet.</p>;
  return (
    <ul class="keys">
      {keys.map((key) => (
        <li key={key.id} data-key={key.id}>
          <div>
            <b>{key.name}</b> <span class="key-scope">{key.scope}</span>
            <p class="fine">
              Made {dateTime(Date.parse(key.created_at))} ·{' '}
              {key.last_used_at ? (
                <>
                  used <Age ms={Date.parse(key.last_used_at)} />
                </>
              ) : (
                'never used'
              )}
            </p>
          </div>
          <button type="button" class="danger-quiet" aria-label={`Delete the key ${key.name}`} onClick={() => onDelete(key)}>
            <Icon name="trash" /> Delete
          </button>
        </li>
      ))}
    </ul>
  );
}

export function Account() {
  usePageTitle('Account');
  const email = useStore((state) => (typeof state.session === 'object' ? state.session.email : ''));
  const version = useStore((state) => (typeof state.session === 'object' ? state.session.server_version : ''));
  const [keys, setKeys] = useState<ApiKey[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  const load = () => api.apiKeys().then(setKeys, setError);
  useEffect(() => void load(), []);

  const remove = async (key: ApiKey) => {
    try {
      await api.deleteApiKey(key.id);
      await load();
      heading.current?.focus(); // the button that had it is gone
      note('done', `The key ${key.name} was deleted. It no longer works.`);
    } catch (problem) {
      note('error', `Not deleted. ${quiet(problem)}`);
    }
  };
  return (
    <div class="account">
      <h1 tabIndex={-1}>Account</h1>
      <p class="account-email">
        Signed in as <b>{email}</b> on OceanRemote {version}
      </p>
      <section class="panel" aria-labelledby="keys-title">
        <h2 id="keys-title" ref={heading} tabIndex={-1}>
          API keys
        </h2>
        <p class="fine">
          For scripts: <code>Authorization: Bearer oc_api_…</code> at <code>/api/v1</code>, described in{' '}
          <a href="/openapi.json" target="_blank" rel="noreferrer">
            openapi.json
          </a>
          .
        </p>
        <ProblemText error={error} />
        {keys && <Keys keys={keys} onDelete={(key) => void remove(key)} />}
        <NewKey keys={keys ?? []} onMade={() => void load()} />
      </section>
    </div>
  );
}
