/** A Node script as a process of its own, which says on its standard output when it is where a test wants it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Script {
  /** All it has written so far. */
  readonly stdout: string;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has written a text that matches. @throws with what it wrote when it ends before */
  says(text: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<void>;
}

/** @param script URL of the file @param input what it finds, as JSON, in its first argument */
export function startScript(script: URL, input: unknown): Script {
  const child = spawn(process.execPath, [fileURLToPath(script), JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of [...listeners]) listener();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    changed();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  let over = false;
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      over = true;
      changed();
      resolve();
    });
  });
  return {
    get stdout() {
      return stdout;
    },
    kill: (signal) => void child.kill(signal),
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = text.exec(stdout);
          if (found === null && !over) return;
          listeners.delete(look);
          if (found === null) reject(new Error(`it ended without saying ${text}: ${stdout}${stderr}`));
          else resolve(found);
        };
        listeners.add(look);
        look();
      }),
    ended,
  };
}
