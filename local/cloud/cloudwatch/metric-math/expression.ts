export type ArithmeticOperator = '+' | '-' | '*' | '/' | '^';
export type ComparisonOperator = '==' | '!=' | '<' | '>' | '<=' | '>=';
export type LogicalOperator = 'AND' | 'OR';
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | LogicalOperator;

/** A parsed metric math expression. */
export type Expression =
  | { kind: 'number'; value: number }
  | { kind: 'string'; value: string }
  /** Another query of the same request. */
  | { kind: 'id'; id: string }
  /** An argument like `REPEAT`. */
  | { kind: 'word'; word: string }
  | { kind: 'array'; items: readonly Expression[] }
  | { kind: 'negation'; operand: Expression }
  | { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression }
  | { kind: 'call'; name: string; args: readonly Expression[] };

/** The ids that an expression refers to. */
export function idsIn(expression: Expression): string[] {
  switch (expression.kind) {
    case 'id':
      return [expression.id];
    case 'array':
      return expression.items.flatMap(idsIn);
    case 'negation':
      return idsIn(expression.operand);
    case 'binary':
      return [...idsIn(expression.left), ...idsIn(expression.right)];
    case 'call':
      return expression.args.flatMap(idsIn);
    case 'number':
    case 'string':
    case 'word':
      return [];
  }
}

/** The functions that an expression calls. */
export function functionsIn(expression: Expression): string[] {
  switch (expression.kind) {
    case 'call':
      return [expression.name, ...expression.args.flatMap(functionsIn)];
    case 'array':
      return expression.items.flatMap(functionsIn);
    case 'negation':
      return functionsIn(expression.operand);
    case 'binary':
      return [...functionsIn(expression.left), ...functionsIn(expression.right)];
    case 'id':
    case 'number':
    case 'string':
    case 'word':
      return [];
  }
}
