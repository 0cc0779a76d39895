// What has happened to the account, newest first.

import { useEffect, useState } from 'preact/hooks';
import { audit } from '../../account-api.ts';
import { dateTime } from '../../format.ts';
import { LoadProblem, Section } from '../../parts/section.tsx';
import type { AuditEntry } from '../../types.ts';
import { eventWords, isAlarm } from './event-words.ts';

function Entry({ entry }: { entry: AuditEntry }) {
  const about = [entry.subject, entry.detail].filter(Boolean).join(' · ');
  return (
    <li data-alarm={isAlarm(entry.event)}>
      <time dateTime={entry.at}>{dateTime(Date.parse(entry.at))}</time>
      <div>
        <b>{eventWords(entry.event)}</b>
        {about && <p class="fine">{about}</p>}
        {entry.address && (
          <p class="fine">
            from <span class="address">{entry.address}</span>
          </p>
        )}
      </div>
    </li>
  );
}

export function Activity() {
  const [entries, setEntries] = useState<AuditEntry[] | null>(null);
  const [next, setNext] = useState<number | string | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const load = async () => {
    if (busy) return;
    setBusy(true);
    setError(null);
    try {
      const page = await audit(next ?? undefined);
      setEntries([...(entries ?? []), ...page.entries]);
      setNext(page.next ?? null);
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  useEffect(() => void load(), []);
  return (
    <Section title="Trail" intro="Something that was not you? Change your password, and look where you are signed in.">
      {entries?.length === 0 && <p>Nothing yet.</p>}
      {entries && entries.length > 0 && (
        <ol class="trail">
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ol>
      )}
      <LoadProblem error={error} onAgain={() => void load()} />
      {next !== null && !error && (
        <div class="actions">
          <button type="button" aria-disabled={busy} onClick={() => void load()}>
            {busy ? 'Loading…' : 'Show older'}
          </button>
        </div>
      )}
    </Section>
  );
}
