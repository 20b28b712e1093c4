import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * Reads `watch PID` and `forget PID`. When its input ends, whoever started it is gone: it gives the process groups it
 * still watches time to end by themselves, kills them, and removes the folder. A process group that exists under a
 * watched number is ours, because a number is forgotten before anything else can have it.
 */
const SCRIPT = `
folder=$1 grace=$2 watched=' '
trap '' INT HUP TERM
while read -r verb pid; do
  case $verb in
    watch) watched="$watched$pid " ;;
    forget)
      case $watched in
        *" $pid "*) watched="\${watched%% $pid *} \${watched#* $pid }" ;;
      esac ;;
  esac
done
alive() { for pid in $watched; do kill -s 0 -- "-$pid" 2>/dev/null && return 0; done; return 1; }
for pid in $watched; do kill -s TERM -- "-$pid" 2>/dev/null; done
while alive && [ "$grace" -gt 0 ]; do grace=$((grace - 1)); sleep 1; done
for pid in $watched; do kill -s KILL -- "-$pid" 2>/dev/null; done
rm -rf -- "$folder"
`;

/** Seconds. Within the five that a fleet has to end. */
const GRACE_SEC = 3;

/**
 * A small shell process that outlives the runner by moments and leaves nothing behind when the runner dies without
 * having cleaned up (SIGKILL, a crash, the machine's out-of-memory killer).
 */
export class Watchdog {
  private closing: Promise<void> | undefined;

  private constructor(private readonly child: ChildProcess) {}

  /** @param folder what to remove at the end, with everything in it */
  static start(folder: string): Watchdog {
    const child = spawn('/bin/sh', ['-c', SCRIPT, 'fleet-watchdog', folder, String(GRACE_SEC)], {
      // A session of its own: it must outlive the terminal.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: '/',
    });
    // It can only be gone when someone killed it; then the runner still cleans up by itself.
    child.on('error', () => undefined);
    child.stdin?.on('error', () => undefined);
    return new Watchdog(child);
  }

  /** @param pid leader of a process group */
  watch(pid: number): void {
    this.child.stdin?.write(`watch ${pid}\n`);
  }

  /** To be called as soon as the process group is gone. */
  forget(pid: number): void {
    this.child.stdin?.write(`forget ${pid}\n`);
  }

  /** Lets it remove the folder, and waits for that. Idempotent. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      const { child } = this;
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.stdin?.end();
      await exited;
    })();
    return this.closing;
  }
}
