import { ServiceError } from '../wire/service-error';

// The codes as the query protocol names them; SDK clients make the exceptions of their model from them.

export function missingParameter(name: string): ServiceError {
  return new ServiceError('MissingParameter', `The parameter ${name} is required.`);
}

export function invalidValue(message: string): ServiceError {
  return new ServiceError('InvalidParameterValue', message);
}

export function invalidCombination(message: string): ServiceError {
  return new ServiceError('InvalidParameterCombination', message);
}

export function validationError(message: string): ServiceError {
  return new ServiceError('ValidationError', message);
}

export function invalidNextToken(): ServiceError {
  return new ServiceError('InvalidNextToken', 'The next token is invalid.');
}

export function alarmNotFound(message: string): ServiceError {
  return new ServiceError('ResourceNotFound', message, 404);
}

/** The parameters are right, but the local cloud can not do what they ask for. */
export function notSimulated(what: string): ServiceError {
  return new ServiceError('ValidationError', `the local cloud does not simulate ${what}`);
}
