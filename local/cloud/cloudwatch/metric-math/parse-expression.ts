import type { BinaryOperator, Expression } from './expression';
import { ExpressionError } from './expression-error';
import { tokenize, type Token } from './tokenize';

/** From loose to tight. How tightly operators bind is not published; this is what is usual. */
const LEVELS: readonly ReadonlyMap<string, BinaryOperator>[] = [
  new Map([
    ['OR', 'OR'],
    ['||', 'OR'],
  ]),
  new Map([
    ['AND', 'AND'],
    ['&&', 'AND'],
  ]),
  new Map((['==', '!=', '<', '>', '<=', '>='] as const).map((operator) => [operator, operator])),
  new Map((['+', '-'] as const).map((operator) => [operator, operator])),
  new Map((['*', '/'] as const).map((operator) => [operator, operator])),
];

/** Nesting of brackets and signs. */
const MAX_DEPTH = 64;

/** The service's limit of an expression (API reference, MetricDataQuery). */
const MAX_LENGTH = 2_048;

/** @throws ExpressionError */
export function parseExpression(text: string): Expression {
  if (text.length > MAX_LENGTH) throw new ExpressionError(`longer than ${MAX_LENGTH} characters`);
  return new Parser(tokenize(text)).parse();
}

class Parser {
  private next = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  parse(): Expression {
    const expression = this.binary(0);
    const rest = this.tokens[this.next];
    if (rest) throw unexpected(rest);
    return expression;
  }

  private binary(level: number): Expression {
    const operators = LEVELS[level];
    if (!operators) return this.unary();
    let left = this.binary(level + 1);
    for (;;) {
      const token = this.tokens[this.next];
      const operator =
        token && (token.kind === 'symbol' || token.kind === 'name') && operators.get(token.value);
      if (!operator) return left;
      this.next += 1;
      left = { kind: 'binary', operator, left, right: this.binary(level + 1) };
    }
  }

  private unary(): Expression {
    return this.nested(() => {
      if (this.take('-')) return { kind: 'negation', operand: this.unary() };
      const base = this.primary();
      return this.take('^') ? { kind: 'binary', operator: '^', left: base, right: this.unary() } : base;
    });
  }

  private primary(): Expression {
    const token = this.tokens[this.next];
    this.next += 1;
    switch (token?.kind) {
      case undefined:
        throw new ExpressionError('the expression ends too early');
      case 'number':
        return { kind: 'number', value: token.value };
      case 'string':
        return { kind: 'string', value: token.value };
      case 'name':
        if (this.take('(')) return { kind: 'call', name: token.value, args: this.list(')') };
        return /^[a-z]/.test(token.value)
          ? { kind: 'id', id: token.value }
          : { kind: 'word', word: token.value };
      case 'symbol':
        if (token.value === '[') return { kind: 'array', items: this.list(']') };
        if (token.value !== '(') throw unexpected(token);
        return this.nested(() => {
          const inner = this.binary(0);
          this.expect(')');
          return inner;
        });
    }
  }

  private list(end: string): Expression[] {
    const items: Expression[] = [];
    if (this.take(end)) return items;
    do items.push(this.binary(0));
    while (this.take(','));
    this.expect(end);
    return items;
  }

  private nested<T>(parse: () => T): T {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw new ExpressionError('the expression is nested too deeply');
    const parsed = parse();
    this.depth -= 1;
    return parsed;
  }

  private take(symbol: string): boolean {
    const token = this.tokens[this.next];
    if (token?.kind !== 'symbol' || token.value !== symbol) return false;
    this.next += 1;
    return true;
  }

  private expect(symbol: string): void {
    if (this.take(symbol)) return;
    const token = this.tokens[this.next];
    throw token ? unexpected(token) : new ExpressionError(`'${symbol}' is missing at the end`);
  }
}

function unexpected({ value, at }: Token): ExpressionError {
  return new ExpressionError(`unexpected '${value}' at position ${at + 1}`);
}
