// Step: Chromium or Chrome, for the browser tests.
import parts from '../parts.cjs';
import { SetupError } from '../setup-error.mjs';
import { aptInstall, canInstall, installCommand } from '../system.mjs';

/** @param {{ system: import('../system.mjs').System, report: (progress: string) => void }} options */
export async function ensureChromium({ system, report }) {
  try {
    return { result: parts.findChromiumBin() };
  } catch (error) {
    // Ubuntu's package only installs a snap, which containers and CI machines can't run: a person decides there.
    const installs = canInstall(system) && !system.isUbuntu && !process.env.FLEET_CHROMIUM_BIN;
    if (!installs)
      throw new SetupError({ title: error.message.split(':')[0], remedies: [chromiumRemedy(system)] });
  }
  await aptInstall({ packages: ['chromium'], report });
  return { result: `${parts.findChromiumBin()} (installed)` };
}

/** @param {import('../system.mjs').System} system */
export function chromiumRemedy(system) {
  if (system.isUbuntu)
    return 'sudo snap install chromium, or install Google Chrome: https://www.google.com/chrome';
  if (system.packageManager === 'brew') return 'brew install --cask google-chrome';
  return (
    installCommand(system.packageManager, { apt: ['chromium'], dnf: ['chromium'] }) ??
    'install Chromium or Chrome and put it on the PATH, or set FLEET_CHROMIUM_BIN=<path>'
  );
}
