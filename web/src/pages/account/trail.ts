// Entries of the trail as lines to read: what devices do by themselves all day is one line, however
// often they did it.

import type { AuditEntry } from '../../types.ts';

const ROUTINE = 'device_session.opened';

export interface Line {
  entry: AuditEntry; // the newest of them
  count: number;
}

export function toLines(entries: readonly AuditEntry[]): Line[] {
  const lines: Line[] = [];
  for (const entry of entries) {
    const last = lines.at(-1);
    if (entry.event === ROUTINE && last?.entry.event === ROUTINE) last.count++;
    else lines.push({ entry, count: 1 });
  }
  return lines;
}

// "dev_AB12" as its owner calls it, while there is such a device.
export function aboutOf({ entry, count }: Line, nameOf: (id: string) => string | undefined): string {
  if (count > 1) return `${count} times, by your devices`;
  const subject = nameOf(entry.subject) ?? entry.subject;
  return [subject, entry.detail].filter(Boolean).join(' · ');
}
