/** A real Chromium, without a window, that talks to nobody but the pages it is told to open. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { findProgram } from './own-server.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const MAC = ['Chromium', 'Google Chrome'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);

/** With a fresh profile, which is gone when it is closed. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

function findChromium(): string {
  for (const name of NAMES) {
    try {
      return findProgram(name);
    } catch {
      // Perhaps by its next name.
    }
  }
  const found = MAC.find(existsSync);
  if (found === undefined) throw new Error('chromium is not installed, see scripts/ensure-services.sh');
  return found;
}
