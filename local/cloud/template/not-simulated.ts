/**
 * Paths of what a schema stripped from the properties that it was given, e.g. `LaunchTemplateData.KeyName`. Items of a
 * list have their list's path. Where the schema made something else of a value, it has seen all of it.
 */
export function strippedPaths(given: unknown, honoured: unknown): string[] {
  const found = new Set<string>();
  compare(given, honoured, '', found);
  return [...found];
}

function compare(given: unknown, honoured: unknown, path: string, found: Set<string>): void {
  if (Array.isArray(given)) {
    if (!Array.isArray(honoured) || honoured.length !== given.length) return;
    given.forEach((item, index) => compare(item, honoured[index], path, found));
    return;
  }
  if (!isRecord(given) || !isRecord(honoured)) return;
  for (const [key, value] of Object.entries(given)) {
    const inner = path === '' ? key : `${path}.${key}`;
    if (key in honoured) compare(value, honoured[key], inner, found);
    else found.add(inner);
  }
}

/** Whether one of the patterns names the path or something above it; `*` stands for one name. */
export function isInert(path: string, patterns: readonly string[]): boolean {
  const names = path.split('.');
  return patterns.some((pattern) => {
    const wanted = pattern.split('.');
    return wanted.length <= names.length && wanted.every((name, at) => name === '*' || name === names[at]);
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
