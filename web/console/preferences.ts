/** How this device shows the page. */
export interface Preferences {
  /** `auto`: as the system does. */
  theme: 'auto' | 'light' | 'dark';
  /** `large`: for a projector. */
  type: 'normal' | 'large';
}

const KEY = 'mediasoup-fleet-console';
const TOKEN_KEY = `${KEY}.token`;

export function recallPreferences(): Preferences {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Record<string, unknown>>;
    const theme = stored.theme === 'light' || stored.theme === 'dark' ? stored.theme : 'auto';
    return { theme, type: stored.type === 'large' ? 'large' : 'normal' };
  } catch {
    // Storage is refused or damaged.
    return { theme: 'auto', type: 'normal' };
  }
}

/** Without effect where storage is refused. */
export function rememberPreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // It holds until the page is left.
  }
}

/** The operator's token of this tab. It is kept nowhere else, and gone with the tab. */
export function recallToken(): string | undefined {
  try {
    return sessionStorage.getItem(TOKEN_KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

export function rememberToken(token: string | undefined): void {
  try {
    if (token === undefined) sessionStorage.removeItem(TOKEN_KEY);
    else sessionStorage.setItem(TOKEN_KEY, token);
  } catch {
    // The person is asked again after a reload.
  }
}
