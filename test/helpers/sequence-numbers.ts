/** Among these is one that was sent last, and not repaired. */
const FIRST = 50;

/**
 * How many of a stream's packets are missing among those that came, by their sequence numbers of 16 bits in the order in
 * which they came.
 * @param newest so many of the last ones don't count: their repairs may be on their way
 */
export function missingOf(numbers: readonly number[], newest: number): { expected: number; missing: number } {
  const unwrapped = unwrap(numbers);
  // Older ones are repairs of what was lost before anybody counted, or came late, and the rest of their time came before.
  const start = Math.max(...unwrapped.slice(0, FIRST));
  const end = Math.max(...unwrapped) - newest;
  const counted = new Set(unwrapped.filter((number) => number >= start && number <= end));
  const expected = Math.max(...counted) - start + 1;
  return { expected, missing: expected - counted.size };
}

/** Across the wrap. */
function unwrap(numbers: readonly number[]): number[] {
  const [first = 0] = numbers;
  return numbers.map((number) => ((number - first + 0x8000) & 0xffff) - 0x8000);
}
