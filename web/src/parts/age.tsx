import { age, dateTime } from '../format.ts';
import { useNow } from '../store.ts';

export function Age({ ms }: { ms: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(ms).toISOString()} title={dateTime(ms)}>
      {age(ms, now)}
    </time>
  );
}
