// What has happened to the account, newest first.

import { useEffect, useState } from 'preact/hooks';
import { audit } from '../../account-api.ts';
import { dateTime } from '../../format.ts';
import { LoadProblem, Section } from '../../parts/section.tsx';
import { get } from '../../store.ts';
import type { AuditEntry } from '../../types.ts';
import { eventWords, isAlarm } from './event-words.ts';
import { aboutOf, toLines, type Line } from './trail.ts';

const ENOUGH = 20; // lines more, for one press of the button
const PAGES_MAX = 8; // and no more pages than that, however little they say

const deviceName = (id: string) => get().fleet.devices.get(id)?.name;

function Row({ line }: { line: Line }) {
  const { entry, count } = line;
  const about = aboutOf(line, deviceName);
  return (
    <li data-alarm={isAlarm(entry.event)}>
      <time dateTime={entry.at}>{dateTime(Date.parse(entry.at))}</time>
      <div>
        <b>{eventWords(entry.event)}</b>
        {about && <p class="fine">{about}</p>}
        {entry.address && count === 1 && (
          <p class="fine">
            from <span class="address">{entry.address}</span>
          </p>
        )}
      </div>
    </li>
  );
}

export function Activity() {
  const [entries, setEntries] = useState<AuditEntry[]>([]);
  const [next, setNext] = useState<number | string | null | undefined>(undefined); // null: that is all
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const load = async () => {
    if (busy) return;
    setBusy(true);
    setError(null);
    let all = entries;
    let before = next ?? undefined;
    const wanted = toLines(all).length + ENOUGH;
    try {
      for (let page = 0; page < PAGES_MAX && toLines(all).length < wanted; page++) {
        const answer = await audit(before);
        all = [...all, ...answer.entries];
        before = answer.next ?? undefined;
        if (before === undefined) break;
      }
      setNext(before ?? null);
    } catch (problem) {
      setError(problem);
      if (before !== undefined) setNext(before);
    }
    setEntries(all);
    setBusy(false);
  };
  useEffect(() => void load(), []);
  const lines = toLines(entries);
  return (
    <Section title="Trail" intro="Something that was not you? Change your password, and look where you are signed in.">
      {lines.length === 0 && next === null && <p>Nothing yet.</p>}
      {lines.length > 0 && (
        <ol class="trail">
          {lines.map((line) => (
            <Row key={line.entry.id} line={line} />
          ))}
        </ol>
      )}
      <LoadProblem error={error} onAgain={() => void load()} />
      {next && !error && (
        <div class="actions">
          <button type="button" aria-disabled={busy} onClick={() => void load()}>
            {busy ? 'Loading…' : 'Show older'}
          </button>
        </div>
      )}
    </Section>
  );
}
