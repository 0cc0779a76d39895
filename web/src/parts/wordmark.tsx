// The mark is the same drawing as icon.svg: a horizon with a signal above it.

export function Wordmark() {
  return (
    <span class="wordmark">
      <svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">
        <circle class="mark-sea" cx="16" cy="16" r="16" />
        <path class="mark-wave" d="M3 19.5c3.2 0 3.2-2.6 6.5-2.6s3.2 2.6 6.5 2.6 3.2-2.6 6.5-2.6 3.2 2.6 6.5 2.6" />
        <path class="mark-wave mark-deep" d="M6 24.3c2.5 0 2.5-2 5-2s2.5 2 5 2 2.5-2 5-2 2.5 2 5 2" />
        <path class="mark-signal" d="M10.6 11.6a7.6 7.6 0 0 1 10.8 0" />
        <circle class="mark-dot" cx="16" cy="13.4" r="1.7" />
      </svg>
      <span>
        Ocean<b>Remote</b>
      </span>
    </span>
  );
}
