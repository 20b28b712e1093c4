import { globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export interface BrokenLink {
  /** Relative to the root. */
  file: string;
  line: number;
  target: string;
  problem: string;
}

interface Page {
  links: { line: number; target: string }[];
  anchors: ReadonlySet<string>;
}

/** Not ours, or not written by hand. */
const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage', 'cdk.out']);

/** Every link of the Markdown files below a folder that leads to no file, or to no heading of it. Not those to the web. */
export function findBrokenLinks(root: string): BrokenLink[] {
  const pages = new Map<string, Page>();
  const pageOf = (path: string): Page => {
    const page = pages.get(path) ?? readPage(readFileSync(path, 'utf8'));
    pages.set(path, page);
    return page;
  };
  return markdownFiles(root).flatMap((file) =>
    pageOf(file).links.flatMap(({ line, target }) => {
      const problem = problemOf({ root, file, target, pageOf });
      return problem === undefined ? [] : [{ file: relative(root, file), line, target, problem }];
    }),
  );
}

/** Absolute paths, sorted. */
function markdownFiles(root: string): string[] {
  const exclude = (name: string): boolean => LEFT_OUT.has(name.split('/').at(-1) ?? name);
  return globSync('**/*.md', { cwd: root, exclude })
    .map((file) => join(root, file))
    .sort();
}

function problemOf(link: {
  root: string;
  file: string;
  target: string;
  pageOf: (path: string) => Page;
}): string | undefined {
  const { root, file, target, pageOf } = link;
  // With a scheme (https:, mailto:) or a host it leaves the repository.
  if (/^([a-z][a-z\d+.-]*:|\/\/)/i.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const decoded = decodeURIComponent(path.split('?')[0] ?? '');
  const base = decoded.startsWith('/') ? root : dirname(file);
  const destination = decoded === '' ? file : resolve(base, `./${decoded}`);
  const found = statSync(destination, { throwIfNoEntry: false });
  if (!found) return 'no such file';
  if (!anchor || !destination.endsWith('.md')) return undefined;
  return pageOf(destination).anchors.has(decodeURIComponent(anchor).toLowerCase())
    ? undefined
    : 'no such heading';
}

export function readPage(markdown: string): Page {
  const links: Page['links'] = [];
  const anchors = new Set<string>();
  let fence: string | undefined;
  for (const [index, raw] of markdown.split('\n').entries()) {
    const mark = /^\s*(```+|~~~+)/.exec(raw)?.[1];
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      fence = fence === undefined ? mark : undefined;
      continue;
    }
    if (fence !== undefined) continue;
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(raw)?.[1];
    if (heading !== undefined) addUnique(anchors, headingAnchor(heading));
    // What stands in code is no link.
    const text = raw.replace(/(`+)[^`].*?\1/g, '');
    for (const [, name] of text.matchAll(/<\w+[^>]*\s(?:id|name)="([^"]+)"/g)) {
      if (name !== undefined) anchors.add(name.toLowerCase());
    }
    for (const target of linkTargets(text)) links.push({ line: index + 1, target });
  }
  return { links, anchors };
}

function linkTargets(text: string): string[] {
  const patterns = [
    /\]\(\s*<?([^\s()<>]+)>?(?:\s+["'][^)]*)?\)/g,
    /^\s*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/g,
    /<(?:a|img)\b[^>]*\s(?:href|src)="([^"]+)"/g,
  ];
  return patterns.flatMap((pattern) => Array.from(text.matchAll(pattern), ([, target = '']) => target));
}

/** What GitHub makes of a heading: its words in lower case, joined by hyphens. */
function headingAnchor(heading: string): string {
  return heading
    .replace(/<[^>]+>/g, '')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

/** A heading that comes again gets a number. */
function addUnique(anchors: Set<string>, anchor: string): void {
  let unique = anchor;
  for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`;
  anchors.add(unique);
}
