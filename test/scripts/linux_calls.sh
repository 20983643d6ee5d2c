#!/usr/bin/env bash
# netsctp's own stack answers test/socket/call_probe.c as a Linux kernel does (linux_calls.txt), but for the lines of
# linux_calls_differences.txt, which have their reasons. The probe waits for quiet by the clock, so that a machine busy
# with other things gets more than one try.
set -euo pipefail
cd "${SOURCE_DIR:?the source}/test/socket"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
sed -n '/^[<>]/p' linux_calls_differences.txt | sort >"$place/known"
for try in 1 2 3; do
  NETSCTP_BACKEND=stack NETSCTP_UDP_PORT=$((20000 + $$ % 12000)) \
    timeout 60 "${BUILD_DIR:?the build to test}/bin/netsctp" run "$BUILD_DIR/bin/call_probe" >"$place/ours"
  diff linux_calls.txt "$place/ours" | sed -n '/^[<>]/p' | sort >"$place/found" || true
  if diff "$place/known" "$place/found" >"$place/news"; then
    echo "ok: $(wc -l <linux_calls.txt) lines, $(grep -c '^<' "$place/known") of them differ as they should (try $try)"
    exit 0
  fi
done
echo "FAILED: > differs from Linux unlike linux_calls_differences.txt says; < no longer differs as it says" >&2
cat "$place/news" >&2
exit 1
