import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Builds once before all tests, so that those which start the program start what is in src. */
export default function build(): void {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  execFileSync('npm', ['run', '--silent', 'build'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
}
