// All readings as one CSV file, from the pages that the server gives.

import { exportReadings } from '../../account-api.ts';

export interface Progress {
  pages: number;
  bytes: number;
}

// Each page has the line of column names: it stays on the first.
export const withoutHead = (csv: string) => csv.slice(csv.indexOf('\n') + 1 || csv.length);

export async function collectReadings(signal: AbortSignal, onProgress: (progress: Progress) => void): Promise<Blob> {
  const parts: string[] = [];
  const progress = { pages: 0, bytes: 0 };
  let after = '';
  do {
    const { csv, next } = await exportReadings(after, signal);
    parts.push(after ? withoutHead(csv) : csv);
    progress.pages++;
    progress.bytes += csv.length;
    onProgress({ ...progress });
    if (next && next === after) throw new Error('the export does not go on');
    after = next;
  } while (after);
  return new Blob(parts, { type: 'text/csv' });
}
