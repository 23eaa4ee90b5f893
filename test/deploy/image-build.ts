/**
 * The image without a container engine: the steps of the Dockerfile, each in the root of its stage, as a shell script for a
 * mount namespace of its own. In place of the base image stands this machine's Debian, as the lower layer of an overlay, with
 * the Node.js of the base image and its user `node`. What is left of the host in the root is more than the base image has, so
 * this cannot find a program that is missing there; all else it does.
 */
import { command, copied, type Step, stages } from './dockerfile.js';

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * A script for `unshare --mount … bash`: $1 is an empty directory, $2 a `node` of the base image's version, $3 the context.
 * It ends by running `then`, with the functions `image` and `healthcheck` at hand: the finished image with its root
 * read-only, its volume and /tmp writable, as its user and without capabilities, in a process namespace of its own.
 */
export function buildScript(then: string): string {
  const lines = stages().flatMap(({ from, steps }) => {
    const root = `$scratch/${from.words[2] ?? 'final'}/root`;
    return [`root=${root}`, `layer "$root"`, 'directory=/ variables=()', ...steps.flatMap(shellOf)];
  });
  return [PRELUDE, ...lines, finish(), then].join('\n');
}

function shellOf(step: Step): string[] {
  const { keyword, words, rest, flags } = step;
  const { sources, to } = copied(step);
  switch (keyword) {
    case 'WORKDIR':
      return [`directory=${quote(words[0] ?? '')}`, 'mkdir -p "$root$directory"'];
    case 'ENV':
      return words.map((pair) => `variables+=(${quote(pair)})`);
    case 'RUN':
      return [`inside <<'STEP'\n${rest}\nSTEP`];
    case 'COPY': {
      const base = flags.from === undefined ? '$context' : `$scratch/${flags.from}/root`;
      const target = to.startsWith('/') ? `"$root${to}"` : `"$root$directory/${to}"`;
      // Of a directory the content is copied, as Docker does.
      return sources.map((source) => `copy "${base}/${source}" ${target}`);
    }
    // They say something of the image, and make nothing.
    case 'LABEL':
    case 'VOLUME':
    case 'USER':
    case 'EXPOSE':
    case 'HEALTHCHECK':
    case 'ENTRYPOINT':
    case 'CMD':
      return [];
    default:
      throw new Error(`image-build.ts cannot do ${keyword} yet`);
  }
}

function finish(): string {
  const last = stages().at(-1)?.steps ?? [];
  const word = (keyword: string) => last.findLast((step) => step.keyword === keyword)?.words[0] ?? '';
  const [uid = '', gid = ''] = word('USER').split(':');
  return `
mount -t tmpfs tmpfs "$root${word('VOLUME')}"
chown --reference "$scratch/final/upper${word('VOLUME')}" "$root${word('VOLUME')}" && chmod 755 "$root${word('VOLUME')}"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -o remount,ro "$root"
volume=$root${word('VOLUME')}
as_user() { # in a process namespace of its own or not
  "$@" chroot "$root" setpriv --reuid ${uid} --regid ${gid} --clear-groups --bounding-set=-all --no-new-privs \\
    env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/node "\${variables[@]}" "\${given[@]}" \\
    sh -c 'cd "$0" && exec "$@"' "$directory" "\${command[@]}"
}
given=()
image() { # arguments that take the place of CMD
  command=(${command('ENTRYPOINT').map(quote).join(' ')})
  if [ $# = 0 ]; then command+=(${command('CMD').map(quote).join(' ')}); else command+=("$@"); fi
  as_user unshare --pid --fork --kill-child --mount-proc="$root/proc"
}
healthcheck() {
  command=(${command('HEALTHCHECK').map(quote).join(' ')})
  as_user
}`;
}

const PRELUDE = `
set -euo pipefail
scratch=$1 node=$2 context=$3
mount --make-rprivate /
mount -t tmpfs tmpfs "$scratch"
layer() { # the base image at $1
  local stage; stage=$(dirname "$1")
  mkdir -p "$stage/upper" "$stage/work" "$1"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$stage/upper,workdir=$stage/work" "$1"
  mount --rbind /dev "$1/dev"
  mount -t proc proc "$1/proc"
  # They may be mounts, of which the layer below has nothing.
  cp -L --remove-destination /etc/resolv.conf /etc/hosts "$1/etc/"
  # Nothing of the project, and nothing that was built before, is there.
  rm -rf "$1/app" "$1/var/lib/receiptd"
  for program in "$1"/usr/local/bin/* "$1"/opt/*; do rm -rf "$program"; done
  install "$node" "$1/usr/local/bin/node"
  grep -q ':1000:1000:' "$1/etc/passwd" && sed -i '/:1000:1000:/d' "$1/etc/passwd"
  echo 'node:x:1000:1000::/home/node:/bin/bash' >> "$1/etc/passwd"
  sed -i '/^node:/d' "$1/etc/group" && echo 'node:x:1000:' >> "$1/etc/group"
}
inside() { # a RUN step, on standard input
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "\${variables[@]}" \\
    chroot "$root" sh -ec "cd '$directory'; $(cat)" >&2
}
copy() {
  if [ -d "$1" ]; then mkdir -p "$2" && cp -a "$1/." "$2"; else install -D -m "$(stat -c %a "$1")" -t "$(case $2 in */) echo "$2" ;; *) dirname "$2" ;; esac)" "$1"; fi
}
`;
