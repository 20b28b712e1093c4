import { cidrBlocks } from './cidr-blocks';
import { reasonOf, TemplateError } from './template-error';

/** What intrinsic functions refer to. Everything throws for what there isn't. */
export interface IntrinsicScope {
  /** Of a resource or a parameter. */
  ref(logicalId: string): unknown;
  attribute(logicalId: string, name: string): string;
  condition(name: string): boolean;
  mapped(mapping: string, topLevelKey: string, secondLevelKey: string): unknown;
  imported(exportName: string): string;
  /** `Fn::GetStackOutput`. */
  stackOutput(stackName: string, outputName: string): string;
  availabilityZones(region: string): readonly string[];
  /** `AWS::Region` and its like. */
  pseudo: Readonly<Record<string, string>>;
}

/** `{"Ref": "AWS::NoValue"}`: the property, or the item of the list, is not there. */
const NO_VALUE = Symbol('AWS::NoValue');

type Resolve = (value: unknown, path: string) => unknown;
type Intrinsic = (argument: unknown, resolve: Resolve, scope: IntrinsicScope, path: string) => unknown;

/**
 * A value of a template with its intrinsic functions resolved, as CloudFormation's template reference has them. Undefined
 * is `AWS::NoValue`. @param path in the template, for errors @throws TemplateError
 */
export function resolveIntrinsics(value: unknown, scope: IntrinsicScope, path: string): unknown {
  const resolved = resolveValue(value, scope, path);
  return resolved === NO_VALUE ? undefined : resolved;
}

function resolveValue(value: unknown, scope: IntrinsicScope, path: string): unknown {
  const resolve: Resolve = (inner, innerPath) => resolveValue(inner, scope, innerPath);
  if (Array.isArray(value)) {
    return value.map((item, index) => resolve(item, `${path}[${index}]`)).filter((item) => item !== NO_VALUE);
  }
  if (typeof value !== 'object' || value === null) return value;
  const call = intrinsicOf(value);
  if (!call) {
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, inner]) => [key, resolve(inner, `${path}.${key}`)] as const)
        .filter(([, inner]) => inner !== NO_VALUE),
    );
  }
  const intrinsic = INTRINSICS[call.name];
  if (!intrinsic) throw new TemplateError(`${path}: ${call.name} is not played`);
  try {
    return intrinsic(call.argument, resolve, scope, `${path}.${call.name}`);
  } catch (cause) {
    if (cause instanceof TemplateError) throw cause;
    throw new TemplateError(`${path}: ${call.name}: ${reasonOf(cause)}`, { cause });
  }
}

/** An object with one key, `Ref`, `Condition` or `Fn::…`, is a call. */
function intrinsicOf(value: object): { name: string; argument: unknown } | undefined {
  const entries: [string, unknown][] = Object.entries(value);
  const [entry] = entries;
  if (!entry || entries.length > 1) {
    const misplaced = entries.find(([key]) => key.startsWith('Fn::'));
    if (misplaced) throw new TemplateError(`${misplaced[0]} stands beside other keys`);
    return undefined;
  }
  const [name, argument] = entry;
  // `Condition` is also a common key of policy statements: there it holds an object.
  const isCall =
    name === 'Ref' || name.startsWith('Fn::') || (name === 'Condition' && typeof argument === 'string');
  return isCall ? { name, argument } : undefined;
}

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, _resolve, scope) => reference(textOf(argument), scope),
  Condition: (argument, _resolve, scope) => scope.condition(textOf(argument)),
  'Fn::GetAtt': (argument, resolve, scope, path) => {
    const [logicalId, name] = attributePath(argument);
    return scope.attribute(logicalId, textOf(resolve(name, path)));
  },
  'Fn::Join': (argument, resolve, _scope, path) => {
    const [separator, items] = argumentsOf(argument, 2);
    return listOf(resolve(items, path)).map(scalarOf).join(textOf(separator));
  },
  'Fn::Sub': (argument, resolve, scope, path) => {
    if (typeof argument === 'string') return substitute(argument, {}, scope);
    const [template, variables] = argumentsOf(argument, 2);
    return substitute(textOf(template), recordOf(resolve(variables, path)), scope);
  },
  'Fn::Select': (argument, resolve, _scope, path) => {
    const [index, items] = argumentsOf(argument, 2);
    const list = listOf(resolve(items, path));
    const at = Number(resolve(index, path));
    if (!(at in list)) throw new RangeError(`there is no item ${at} of ${list.length}`);
    return list[at];
  },
  'Fn::Split': (argument, resolve, _scope, path) => {
    const [separator, text] = argumentsOf(argument, 2);
    return textOf(resolve(text, path)).split(textOf(separator));
  },
  'Fn::Base64': (argument, resolve, _scope, path) =>
    Buffer.from(textOf(resolve(argument, path))).toString('base64'),
  'Fn::ImportValue': (argument, resolve, scope, path) => scope.imported(textOf(resolve(argument, path))),
  'Fn::GetStackOutput': (argument, resolve, scope, path) => {
    const { StackName, OutputName, Region } = recordOf(resolve(argument, path));
    if (Region !== undefined && Region !== scope.pseudo['AWS::Region']) {
      throw new RangeError(`region ${textOf(Region)} is not played`);
    }
    return scope.stackOutput(textOf(StackName), textOf(OutputName));
  },
  'Fn::FindInMap': (argument, resolve, scope, path) => {
    const [mapping, top, second] = argumentsOf(argument, 3).map((part) => textOf(resolve(part, path)));
    return scope.mapped(mapping ?? '', top ?? '', second ?? '');
  },
  'Fn::Cidr': (argument, resolve, _scope, path) => {
    const [block, count, hostBits] = argumentsOf(argument, 3).map((part) => resolve(part, path));
    return cidrBlocks(textOf(block), Number(count), Number(hostBits));
  },
  'Fn::GetAZs': (argument, resolve, scope, path) =>
    scope.availabilityZones(textOf(resolve(argument, path)) || (scope.pseudo['AWS::Region'] ?? '')),
  'Fn::If': (argument, resolve, scope, path) => {
    const [condition, yes, no] = argumentsOf(argument, 3);
    return scope.condition(textOf(condition)) ? resolve(yes, `${path}[1]`) : resolve(no, `${path}[2]`);
  },
  'Fn::Equals': (argument, resolve, _scope, path) => {
    const [left, right] = argumentsOf(argument, 2).map((part) => resolve(part, path));
    return JSON.stringify(left) === JSON.stringify(right);
  },
  'Fn::Not': (argument, resolve, _scope, path) => !booleanOf(resolve(argumentsOf(argument, 1)[0], path)),
  'Fn::And': (argument, resolve, _scope, path) =>
    listOf(argument).every((part) => booleanOf(resolve(part, path))),
  'Fn::Or': (argument, resolve, _scope, path) =>
    listOf(argument).some((part) => booleanOf(resolve(part, path))),
};

function reference(name: string, scope: IntrinsicScope): unknown {
  if (name === 'AWS::NoValue') return NO_VALUE;
  if (!name.startsWith('AWS::')) return scope.ref(name);
  const value = scope.pseudo[name];
  if (value === undefined) throw new RangeError(`${name} is not known`);
  return value;
}

/** `${Name}`, `${Name.Attribute}` and `${!Literal}`. */
function substitute(template: string, variables: Record<string, unknown>, scope: IntrinsicScope): string {
  return template.replace(/\$\{(!?)([^}]*)\}/g, (_whole, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    if (name in variables) return scalarOf(variables[name]);
    if (name.startsWith('AWS::') || !name.includes('.')) return scalarOf(reference(name, scope));
    return scope.attribute(...attributePath(name));
  });
}

/** `["LogicalId", "Attribute.Path"]` or `LogicalId.Attribute.Path`. */
export function attributePath(argument: unknown): [string, string] {
  if (Array.isArray(argument)) {
    const [logicalId, name] = argumentsOf(argument, 2);
    return [textOf(logicalId), typeof name === 'string' ? name : textOf(name)];
  }
  const text = textOf(argument);
  const dot = text.indexOf('.');
  if (dot < 0) throw new TypeError(`${text} names no attribute`);
  return [text.slice(0, dot), text.slice(dot + 1)];
}

function argumentsOf(argument: unknown, count: number): unknown[] {
  if (!Array.isArray(argument) || argument.length !== count) {
    throw new TypeError(`wants a list of ${count}`);
  }
  return argument;
}

/** Parameters and attributes that are lists come separated by commas. */
function listOf(value: unknown): unknown[] {
  if (typeof value === 'string') return value.split(',');
  if (!Array.isArray(value)) throw new TypeError('wants a list');
  return value;
}

function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError('wants an object');
  }
  return value as Record<string, unknown>;
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('wants a string');
  return value;
}

function scalarOf(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return textOf(value);
}

function booleanOf(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError('wants a condition');
  return value;
}
