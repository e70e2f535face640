#!/usr/bin/env bash
# The units for real: verified, their exposure printed, and run by a `systemd --user` of an unprivileged account in
# namespaces of its own: readiness, status, advice under the hardening, reload, the watchdog's kill and restart, stop.
# Needs root, systemd (the package) and an installed .venv. Run: tests/watch/systemd.sh
set -euo pipefail
clone=$(cd "$(dirname "$0")/../.." && pwd)
self="$clone/tests/watch/systemd.sh"
program="$clone/.venv/bin/nel-advisor"
[ -x "$program" ] || { echo "no $program: install the project first"; exit 1; }

if [ "${1:-}" = "" ]; then
  units=$(mktemp -d)
  for unit in nel-advisor nel-advisor@ nel-advisor-shared; do
    sed "s#%h/.local/bin/nel-advisor#$program#; s#/usr/local/bin/nel-advisor#$program#" "$clone/systemd/$unit.service" > "$units/$unit.service"
  done
  cp "$units/nel-advisor@.service" "$units/nel-advisor@srv-work\\x20space.service"
  XDG_RUNTIME_DIR="$units" systemd-analyze verify --user "$units/nel-advisor.service" "$units/nel-advisor@srv-work\\x20space.service"
  systemd-analyze verify "$units/nel-advisor-shared.service"
  for unit in nel-advisor nel-advisor@ nel-advisor-shared; do
    limit=$([ "$unit" = nel-advisor-shared ] && echo 15 || echo 75)
    echo "$unit: $(systemd-analyze security --offline=true --threshold="$limit" --no-pager "$units/$unit.service" | tail -n 1)"
  done
  rm -rf "$units"
  exec unshare --mount --pid --fork --mount-proc --propagation private "$self" namespaces
fi

if [ "$1" = namespaces ]; then
  # systemd empties /tmp at start: never the real one. And the account has no way into /root. The clone or Python may be
  # below one of them, so they are kept elsewhere meanwhile.
  base=$("$clone/.venv/bin/python" -c 'import sys; print(sys.base_prefix)')
  mount -t tmpfs none /mnt
  mkdir /mnt/clone /mnt/base && mount --bind "$clone" /mnt/clone && mount --bind "$base" /mnt/base
  mount -t tmpfs -o mode=1777 none /tmp
  mount -t tmpfs -o mode=755 none /root
  [ -d "$clone" ] || { mkdir -p "$clone" && mount --bind /mnt/clone "$clone"; }
  [ -d "$base" ] || { mkdir -p "$base" && mount --bind /mnt/base "$base"; }
  cd /
  mount -t tmpfs none /run/systemd
  mkdir -p /run/systemd/system
  [ -f /sys/fs/cgroup/cgroup.controllers ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
  group="/sys/fs/cgroup/nel-advisor-test.$$.$RANDOM"
  mkdir "$group"
  echo $$ > "$group/cgroup.procs"
  chown -R 64999:64999 "$group"
  # Not exec: this shell is the namespace's first process, and reaps the others.
  unshare --cgroup --mount --propagation private "$self" manager
  exit
fi

if [ "$1" = manager ]; then
  umount -l /sys/fs/cgroup
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mkdir -p /tmp/home /tmp/runtime "/tmp/ws/a b"
  chmod 700 /tmp/runtime
  chown -R 64999:64999 /tmp/home /tmp/runtime /tmp/ws
  exec setpriv --reuid 64999 --regid 64999 --clear-groups env -i HOME=/tmp/home XDG_RUNTIME_DIR=/tmp/runtime \
    PATH="/usr/bin:/bin:/usr/sbin:/sbin" LANG=C.UTF-8 SYSTEMD_LOG_LEVEL=warning "$self" unprivileged
fi

say() { printf '  %s\n' "$*"; }
await() { # await WHAT COMMAND...: until the command succeeds
  local what=$1; shift
  for _ in $(seq 600); do "$@" > /tmp/await 2>&1 && { say "seen: $what"; return; }; sleep 0.1; done
  echo "waited in vain: $what"; cat /tmp/await
  systemctl --user --no-pager status "nel-advisor*" || true
  cat /tmp/home/log 2>/dev/null || true
  exit 1
}
property() { systemctl --user show -p "$1" --value "$2"; }
is() { [ "$(property "$1" "$2")" = "$3" ] || { echo "$1 of $2 is $(property "$1" "$2"), not $3"; return 1; }; }

systemd --user --unit=basic.target > /tmp/home/manager.log 2>&1 &
manager=$!
trap 'kill $manager' EXIT
await "the manager" systemctl --user show -p Version

export MODELOPT_WORKSPACE_ROOT=/tmp/ws
"$program" service install --no-start
unit=nel-advisor.service
mkdir -p /tmp/home/.config/systemd/user/$unit.d
printf '[Service]\nWatchdogSec=4\nStandardError=append:/tmp/home/log\n' > /tmp/home/.config/systemd/user/$unit.d/test.conf
systemctl --user daemon-reload

systemctl --user start $unit
is ActiveState $unit active
say "ready: $(property StatusText $unit)"
printf 'execution: {type: local, output_dir: /o, walltime: 12:00:00}\ndeployment: {type: none}\nevaluation: {tasks: [{name: ns_gpqa}]}\n' > /tmp/ws/eval.yaml
await "advice under the hardening" test -s /tmp/ws/eval.advice.md
await "its status" "$program" status /tmp/ws

systemctl --user reload $unit
await "a reload" grep -q "reloading rules" /tmp/home/log
await "the end of the reload" is ActiveState $unit active

before=$(property MainPID $unit)
kill -STOP "$before"
await "a restart after the watchdog's kill" is NRestarts $unit 1
await "ready again" is ActiveState $unit active
[ "$(property MainPID $unit)" != "$before" ]
rm /tmp/ws/eval.advice.md
printf '# again\n' >> /tmp/ws/eval.yaml
await "advice after the restart" test -s /tmp/ws/eval.advice.md

# The account is not root: a folder that it may not write into.
mkdir /tmp/ws/closed
cp /tmp/ws/eval.yaml /tmp/ws/closed/
chmod 555 /tmp/ws/closed
await "a folder closed to it, said once" grep -q "cannot write beside it" /tmp/home/log
chmod 755 /tmp/ws/closed
systemctl --user reload $unit
await "advice there once it is open" test -s /tmp/ws/closed/eval.advice.md
[ "$(grep -c "cannot write beside it" /tmp/home/log)" = 1 ]

systemctl --user stop $unit
is Result $unit success
is ExecMainStatus $unit 0
[ ! -e /tmp/ws/.nel-advisor.lease ]
say "stopped: $(property Result $unit)"

instance="nel-advisor@$(systemd-escape --path '/tmp/ws/a b').service"
systemctl --user start "$instance"
is ActiveState "$instance" active
cp /tmp/ws/eval.yaml "/tmp/ws/a b/eval.yaml"
await "advice from the instance of one directory" test -s "/tmp/ws/a b/eval.advice.md"
say "ready: $(property StatusText "$instance")"
systemctl --user stop "$instance"
is Result "$instance" success
"$program" service uninstall
[ ! -e /tmp/home/.config/systemd/user/$unit ]
systemctl --user exit || true
trap - EXIT
wait $manager || true
echo "systemd: all seen"
