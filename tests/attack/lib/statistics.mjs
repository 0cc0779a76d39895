// Do two samples come from one distribution? Two tests that assume nothing about its shape: the probability that
// samples of one distribution differ as much as these do. Small: they are told apart.

// Standard normal, the upper tail: Abramowitz and Stegun 26.2.17, good to 1e-7.
function tail(z) {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const sum = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const p = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum;
  return z >= 0 ? p : 1 - p;
}

// Wilcoxon, Mann and Whitney: does one tend to be larger? Normal approximation with the correction for ties.
export function mannWhitney(a, b) {
  const all = [...a.map((value) => [value, 0]), ...b.map((value) => [value, 1])].sort(([x], [y]) => x - y);
  let rankSum = 0, ties = 0;
  for (let i = 0; i < all.length; ) {
    let end = i;
    while (end < all.length && all[end][0] === all[i][0]) end++;
    const rank = (i + 1 + end) / 2; // the mean of those that are equal
    for (let j = i; j < end; j++) if (all[j][1] === 0) rankSum += rank;
    ties += (end - i) ** 3 - (end - i);
    i = end;
  }
  const [n, m, both] = [a.length, b.length, all.length];
  const u = rankSum - (n * (n + 1)) / 2;
  const variance = ((n * m) / 12) * (both + 1 - ties / (both * (both - 1)));
  return Math.min(1, 2 * tail((Math.abs(u - (n * m) / 2) - 0.5) / Math.sqrt(variance)));
}

// Kolmogorov and Smirnov: is there any value that one reaches more often? The limit of large samples (Numerical Recipes 14.3).
export function kolmogorovSmirnov(a, b) {
  const [x, y] = [a, b].map((list) => [...list].sort((p, q) => p - q));
  let i = 0, j = 0, widest = 0;
  while (i < x.length && j < y.length) {
    const at = Math.min(x[i], y[j]);
    while (i < x.length && x[i] === at) i++;
    while (j < y.length && y[j] === at) j++;
    widest = Math.max(widest, Math.abs(i / x.length - j / y.length));
  }
  const root = Math.sqrt((x.length * y.length) / (x.length + y.length));
  const lambda = (root + 0.12 + 0.11 / root) * widest;
  if (lambda < 0.2) return 1; // the sum below does not converge there
  let p = 0;
  for (let k = 1; k <= 100; k++) p += 2 * (-1) ** (k - 1) * Math.exp(-2 * k * k * lambda * lambda);
  return Math.min(1, Math.max(0, p));
}
