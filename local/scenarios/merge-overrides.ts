/** Both, section by section; where both say something the second one counts. */
export function mergeOverrides(first: object, second: object): object {
  const merged = new Map<string, unknown>(Object.entries(first));
  for (const [key, value] of Object.entries(second) as [string, unknown][]) {
    const before = merged.get(key);
    merged.set(key, isSection(before) && isSection(value) ? mergeOverrides(before, value) : value);
  }
  return Object.fromEntries(merged);
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
