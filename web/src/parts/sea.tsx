// Two calm waves, where a page has nothing to show yet.

export function Sea() {
  return (
    <svg class="sea" viewBox="0 0 320 60" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <path d="M0 22c27 0 27-12 53-12s27 12 54 12 26-12 53-12 27 12 53 12 27-12 54-12 26 12 53 12v38H0z" />
      <path d="M0 38c20 0 20-8 40-8s20 8 40 8 20-8 40-8 20 8 40 8 20-8 40-8 20 8 40 8 20-8 40-8 20 8 40 8v22H0z" />
    </svg>
  );
}
