import { BlockList, isIP } from 'node:net';

/** Whether a pattern, as it was parsed, fits an event. */
export type EventPattern = (event: Readonly<Record<string, unknown>>) => boolean;

type Test = (value: unknown) => boolean;
type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads an event pattern (EventBridge guide, "Event patterns" and "Comparison operators").
 * @throws SyntaxError for one that EventBridge would refuse
 */
export function parseEventPattern(pattern: unknown): EventPattern {
  if (!isFields(pattern)) throw new SyntaxError('Filter is not an object');
  const tests = Object.entries(pattern).map(([key, value]) => fieldTest(key, value));
  if (tests.length === 0) throw new SyntaxError('Empty objects are not allowed');
  return (event) => tests.every((test) => test(event));
}

function fieldTest(key: string, pattern: unknown): EventPattern {
  if (key === '$or' && Array.isArray(pattern)) {
    const alternatives = pattern.map(parseEventPattern);
    if (alternatives.length < 2) throw new SyntaxError('$or wants at least two alternatives');
    return (event) => alternatives.some((matches) => matches(event));
  }
  if (Array.isArray(pattern)) {
    if (pattern.length === 0) throw new SyntaxError('Empty arrays are not allowed');
    const leaves = pattern.map(leafTest);
    return (event) => leaves.some((test) => test(event[key]));
  }
  if (!isFields(pattern)) throw new SyntaxError(`"${key}" must be an object or an array`);
  const inner = parseEventPattern(pattern);
  return (event) => {
    const value = event[key];
    if (Array.isArray(value)) return value.some((item) => isFields(item) && inner(item));
    return inner(isFields(value) ? value : {});
  };
}

/** Of a field's value: undefined when it is not there; any item of an array will do. */
function leafTest(leaf: unknown): Test {
  if (!isFields(leaf)) {
    if (Array.isArray(leaf) || leaf === undefined) throw new SyntaxError('Arrays in arrays are not allowed');
    return anyItem((value) => value === leaf);
  }
  const [entry, ...more] = Object.entries(leaf);
  if (!entry || more.length > 0) throw new SyntaxError('Only one comparison is allowed');
  const [operator, operand] = entry;
  if (operator === 'exists') {
    if (typeof operand !== 'boolean') throw new SyntaxError('exists wants true or false');
    // "Exists matching only works on leaf nodes."
    return (value) => (value !== undefined && !isFields(value)) === operand;
  }
  return anyItem(comparison(operator, operand));
}

function anyItem(test: Test): Test {
  return (value) => {
    if (value === undefined) return false;
    return Array.isArray(value) ? value.some(test) : test(value);
  };
}

function comparison(operator: string, operand: unknown): Test {
  switch (operator) {
    case 'prefix':
      return affix(operand, (text, part) => text.startsWith(part));
    case 'suffix':
      return affix(operand, (text, part) => text.endsWith(part));
    case 'equals-ignore-case': {
      const wanted = textOf(operand).toLowerCase();
      return ofText((text) => text.toLowerCase() === wanted);
    }
    case 'wildcard': {
      const escaped = textOf(operand).replace(/[.+?^${}()|[\]]/g, '\\$&');
      const expression = new RegExp(`^${escaped.replace(/(?<!\\)\*/g, '.*')}$`, 's');
      return ofText((text) => expression.test(text));
    }
    case 'anything-but':
      return anythingBut(operand);
    case 'numeric':
      return numeric(operand);
    case 'cidr':
      return cidr(textOf(operand));
    default:
      throw new SyntaxError(`Unrecognized match type ${operator}`);
  }
}

function affix(operand: unknown, has: (text: string, part: string) => boolean): Test {
  if (!isFields(operand)) {
    const part = textOf(operand);
    return ofText((text) => has(text, part));
  }
  const part = textOf(operand['equals-ignore-case']).toLowerCase();
  return ofText((text) => has(text.toLowerCase(), part));
}

function anythingBut(operand: unknown): Test {
  if (isFields(operand)) {
    const [entry] = Object.entries(operand);
    if (!entry) throw new SyntaxError('anything-but wants a comparison');
    const [operator, inner] = entry;
    if (!['prefix', 'suffix', 'wildcard', 'equals-ignore-case'].includes(operator)) {
      throw new SyntaxError(`anything-but knows no ${operator}`);
    }
    const tests = (Array.isArray(inner) ? inner : [inner]).map((one) => comparison(operator, one));
    return (value) => !tests.some((test) => test(value));
  }
  const excluded: unknown[] = Array.isArray(operand) ? operand : [operand];
  return (value) => !excluded.includes(value);
}

const NUMERIC: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '=': (value, limit) => value === limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
};

function numeric(operand: unknown): Test {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    throw new SyntaxError('numeric wants one or two comparisons');
  }
  const tests: ((value: number) => boolean)[] = [];
  for (let at = 0; at < operand.length; at += 2) {
    const compare = NUMERIC[String(operand[at])];
    const limit: unknown = operand[at + 1];
    if (!compare || typeof limit !== 'number') throw new SyntaxError('numeric wants operators and numbers');
    tests.push((value) => compare(value, limit));
  }
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

function cidr(block: string): Test {
  const [address = '', prefix = ''] = block.split('/');
  const family = isIP(address);
  if (family === 0 || !/^\d{1,3}$/.test(prefix)) throw new SyntaxError(`${block} is no CIDR block`);
  const list = new BlockList();
  list.addSubnet(address, Number(prefix), family === 6 ? 'ipv6' : 'ipv4');
  return ofText((text) => isIP(text) !== 0 && list.check(text, isIP(text) === 6 ? 'ipv6' : 'ipv4'));
}

function ofText(test: (text: string) => boolean): Test {
  return (value) => typeof value === 'string' && test(value);
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new SyntaxError('the comparison wants a string');
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
