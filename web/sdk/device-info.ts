import type { DeviceInfo } from './vocabulary';

const BROWSERS = [
  { flag: 'edge', name: 'Edge', pattern: /Edg(?:A|iOS)?\/([\d.]+)/ },
  { flag: 'opera', name: 'Opera', pattern: /OPR\/([\d.]+)/ },
  { flag: 'firefox', name: 'Firefox', pattern: /(?:Firefox|FxiOS)\/([\d.]+)/ },
  { flag: 'chrome', name: 'Chrome', pattern: /(?:HeadlessChrome|Chrome|CriOS)\/([\d.]+)/ },
  { flag: 'safari', name: 'Safari', pattern: /Version\/([\d.]+).*Safari/ },
] as const;

/** What the others are told of this browser: what the application gave, else what its user agent says. */
export function describeDevice(given: DeviceInfo = {}, userAgent = navigator.userAgent): DeviceInfo {
  for (const { flag, name, pattern } of BROWSERS) {
    const version = pattern.exec(userAgent)?.[1];
    if (version !== undefined) return { flag, name, version, ...given };
  }
  return { flag: 'unknown', name: 'Unknown device', ...given };
}
