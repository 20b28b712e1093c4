import { DEFAULT_LOAD_LIMIT, type SelectorPolicy } from '../../core/placement/selector-policy';

/** Places of the sort keys among the scripts' keys: `a` is 0, `j` is KEYS[9]. */
const SORT_KEY_LETTERS = {
  random: 'a',
  rooms: 'j',
  cpuload: 'k',
  sysload: 'l',
  clients: 'm',
  tracks: 'n',
  bytespersec: 'o',
} as const;

/** A policy as `placePeer-16.lua` reads it. */
export interface PolicyLetters {
  /** selector, kind, sortBy, algorithm: `a` is 0. */
  letters: string;
  loadLimit: string;
}

export function policyLetters(policy: SelectorPolicy): PolicyLetters {
  const loadLimit = String((policy.selector === 'livekit' && policy.loadLimit) || DEFAULT_LOAD_LIMIT);
  if (policy.selector !== 'livekit') {
    return { letters: policy.selector === 'best-fit' ? 'baaa' : 'aaaa', loadLimit };
  }
  const kind = { any: 'a', cpuload: 'b', sysload: 'c' }[policy.kind];
  const algorithm = policy.algorithm === 'twochoice' ? 'b' : 'a';
  return { letters: `c${kind}${SORT_KEY_LETTERS[policy.sortBy]}${algorithm}`, loadLimit };
}
