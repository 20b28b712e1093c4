/**
 * How many of a stream's packets are missing among those that came, by their sequence numbers of 16 bits.
 * @param newest so many of the last ones don't count: their repairs may be on their way
 */
export function missingOf(numbers: readonly number[], newest: number): { expected: number; missing: number } {
  const inOrder = unwrapped(numbers);
  // What is older than the first one that came is a repair of what was lost before anybody counted.
  const counted = inOrder.filter((number) => number >= 0 && number < (inOrder.at(-1) ?? 0) - newest);
  const expected = (counted.at(-1) ?? 0) - (counted[0] ?? 0) + 1;
  return { expected, missing: expected - counted.length };
}

/** In their order, across the wrap. */
function unwrapped(numbers: readonly number[]): number[] {
  const first = numbers[0] ?? 0;
  return numbers.map((number) => ((number - first + 0x8000) & 0xffff) - 0x8000).sort((a, b) => a - b);
}
