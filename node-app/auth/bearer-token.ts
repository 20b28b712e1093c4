/** The token of an `Authorization: Bearer …` header, or undefined. */
export function bearerToken(authorizationHeader: string | undefined): string | undefined {
  return /^Bearer +(\S{1,8192})$/i.exec(authorizationHeader ?? '')?.[1];
}
