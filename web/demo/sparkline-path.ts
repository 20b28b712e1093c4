/** An SVG path over `values` in a box of 100 × 28, newest at the right edge; empty for under two values. */
export function sparklinePath(values: readonly number[], slots: number): string {
  if (values.length < 2) return '';
  const top = Math.max(...values, 1);
  const points = values.slice(-slots).map((value, index, shown) => {
    const x = 100 - ((shown.length - 1 - index) * 100) / (slots - 1);
    const y = 26 - (Math.max(0, value) / top) * 24;
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return `M${points.join(' L')}`;
}
