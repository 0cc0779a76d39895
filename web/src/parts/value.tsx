// The latest value of a metric: a number with its unit, or why there is none with the last good one.

import { clock, errorText, quantity, quantityText } from '../format.ts';
import type { Latest } from '../types.ts';

export function Value({ metric, latest }: { metric: string; latest: Latest | undefined }) {
  if (!latest) return <span class="value value-none">–</span>;
  if (latest.value === null) return <FailedValue metric={metric} latest={latest} />;
  const { text, unit } = quantity(metric, latest.value);
  return (
    <span class="value">
      {text}
      {unit && <small> {unit}</small>}
    </span>
  );
}

function FailedValue({ metric, latest }: { metric: string; latest: Latest }) {
  const { last_value: last, last_value_ms: lastMs } = latest;
  return (
    <span class="value value-failed" title={errorText(latest.error ?? 'unknown')}>
      {latest.error?.replace(/_/g, ' ')}
      {last !== null && last !== undefined && (
        <small>
          {' '}
          was {quantityText(metric, last)}
          {lastMs ? ` at ${clock(lastMs, false)}` : ''}
        </small>
      )}
    </span>
  );
}
