// The keys that scripts use in their owner's name.

import { useRef, useState } from 'preact/hooks';
import { addApiKey, apiKeys, deleteApiKey } from '../../account-api.ts';
import { dateTime } from '../../format.ts';
import { text, useAction } from '../../parts/action.ts';
import { Age } from '../../parts/age.tsx';
import { CopyLine } from '../../parts/copy.tsx';
import { Icon } from '../../parts/icon.tsx';
import { ProblemText } from '../../parts/problem.tsx';
import { LoadProblem, Section, useLoaded } from '../../parts/section.tsx';
import { note, useNow } from '../../store.ts';
import type { ApiKey, Scope } from '../../types.ts';
import { quiet } from '../../words.ts';

const SCOPES: [Scope, string][] = [
  ['read', 'Read'],
  ['control', 'Read and switch'],
  ['manage', 'Manage devices'],
];
const LIVES: [string, string][] = [
  ['365', 'a year'],
  ['90', '90 days'],
  ['30', '30 days'],
  ['', 'no end'],
];

function Choice({ label, name, of }: { label: string; name: string; of: [string, string][] }) {
  return (
    <label class="field">
      <span>{label}</span>
      <select name={name}>
        {of.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

function NewKey({ keys, onMade }: { keys: ApiKey[]; onMade: () => void }) {
  const [made, setMade] = useState<{ id: number; key: string } | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const { busy, error, submit } = useAction(async (values) => {
    const days = text(values, 'days');
    setMade(await addApiKey(text(values, 'name'), values.get('scope') as Scope, days ? Number(days) : null));
    form.current?.reset();
    onMade();
  });
  return (
    <>
      {made && keys.some((key) => key.id === made.id) && (
        <div class="key-made" role="status">
          <p>Copy the key now: it is shown only this once.</p>
          <CopyLine text={made.key} label="The new API key" />
        </div>
      )}
      <form ref={form} class="key-form" onSubmit={submit}>
        <label class="field">
          <span>Name</span>
          <input name="name" required maxLength={64} autocomplete="off" placeholder="Nightly export" />
        </label>
        <Choice label="May" name="scope" of={SCOPES} />
        <Choice label="Works for" name="days" of={LIVES} />
        <button class="primary" type="submit" aria-disabled={busy}>
          <Icon name="key" /> Make a key
        </button>
      </form>
      <ProblemText error={error} />
    </>
  );
}

const DAY_MS = 86_400_000;

function Expiry({ at }: { at: string | null | undefined }) {
  const now = useNow();
  if (!at) return <>no end</>;
  const left = Date.parse(at) - now;
  if (left <= 0) return <b class="low">expired {dateTime(Date.parse(at))}</b>;
  return left < 14 * DAY_MS ? <b class="low">ends {dateTime(Date.parse(at))}</b> : <>ends {dateTime(Date.parse(at))}</>;
}

function KeyRow({ apiKey, onDelete }: { apiKey: ApiKey; onDelete: () => void }) {
  return (
    <li data-key={apiKey.id}>
      <div>
        <b>{apiKey.name}</b> <span class="tag">{apiKey.scope}</span>
        <p class="fine">
          Made {dateTime(Date.parse(apiKey.created_at))} · <Expiry at={apiKey.expires_at} /> ·{' '}
          {apiKey.last_used_at ? (
            <>
              used <Age ms={Date.parse(apiKey.last_used_at)} />
            </>
          ) : (
            'never used'
          )}
        </p>
      </div>
      <button type="button" class="danger-quiet" aria-label={`Delete the key ${apiKey.name}`} onClick={onDelete}>
        <Icon name="trash" /> Delete
      </button>
    </li>
  );
}

export function Keys() {
  const { value: keys, error, reload } = useLoaded(apiKeys);
  const remove = async (key: ApiKey) => {
    try {
      await deleteApiKey(key.id);
      await reload();
      document.querySelector<HTMLElement>('.account-page h2')?.focus(); // the button that had it is gone
      note('done', `The key ${key.name} was deleted. It no longer works.`);
    } catch (problem) {
      note('error', `Not deleted. ${quiet(problem)}`);
    }
  };
  return (
    <Section
      title="Keys for scripts"
      intro={
        <>
          They are sent as <code>Authorization: Bearer oc_api_…</code> to <code>/api/v1</code>, described in{' '}
          <a href="/openapi.json" target="_blank" rel="noreferrer">
            openapi.json
          </a>
          . A key never reaches your account’s settings.
        </>
      }
    >
      <LoadProblem error={error} onAgain={() => void reload()} />
      {keys?.length === 0 && <p class="fine">No keys yet.</p>}
      {keys && keys.length > 0 && (
        <ul class="rows">
          {keys.map((key) => (
            <KeyRow key={key.id} apiKey={key} onDelete={() => void remove(key)} />
          ))}
        </ul>
      )}
      <NewKey keys={keys ?? []} onMade={() => void reload()} />
    </Section>
  );
}
