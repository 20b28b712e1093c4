import { ExpressionError } from './expression-error';

export type Token =
  | { kind: 'number'; value: number; at: number }
  | { kind: 'string'; value: string; at: number }
  /** Ids begin with a small letter, functions and words like `AND` are written in capitals. */
  | { kind: 'name'; value: string; at: number }
  | { kind: 'symbol'; value: string; at: number };

const PATTERN =
  /\s+|(?<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z][A-Za-z0-9_]*)|"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<symbol>==|!=|<=|>=|&&|\|\||[-+*/^<>()[\],])/y;

/** @throws ExpressionError */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(PATTERN);
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.groups;
    if (!found) throw new ExpressionError(`unexpected '${text[at]}' at position ${at + 1}`);
    const { number, name, symbol } = found;
    const string = found.double ?? found.single;
    if (number !== undefined) tokens.push({ kind: 'number', value: Number(number), at });
    else if (name !== undefined) tokens.push({ kind: 'name', value: name, at });
    else if (string !== undefined) tokens.push({ kind: 'string', value: string, at });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', value: symbol, at });
  }
  return tokens;
}
