#!/usr/bin/env bash
# usage: raw.sh command [arguments...]
#
# Runs a test over the raw link (NETSCTP_LINK=raw, IP protocol 132) in a network namespace of its own, where no other test
# hears it: 127.0.0.0/8 and ::1, and the network 198.51.100.0/24 from which nothing ever answers. Where the user is not
# root, a user namespace makes him root of it. Exit status 77, with the reason, where neither can be had; with CI=true
# that is a failure.
set -uo pipefail
case " $* " in *" --gtest_list_tests "*) exec "$@" ;; esac

if [ "${1-}" = --inside ]; then
  shift
  { ip link set lo up && ip link add silent type veth peer name nobody && ip link set silent arp off up &&
    ip link set nobody up && ip address add 198.51.100.1/24 dev silent; } || exit 1
  export NETSCTP_BACKEND=stack NETSCTP_LINK=raw NETSCTP_TEST_SILENT_HOST=198.51.100.2
  exec "$@"
fi
for way in "--net" "--net --map-root-user"; do
  # shellcheck disable=SC2086 # options, not one word
  unshare $way ip link set lo up 2>/dev/null && exec unshare $way "$BASH" "$0" --inside "$@"
done
echo "skipped: the raw link's tests need CAP_NET_RAW in a network namespace of their own: root, or a user namespace" >&2
[ "${CI-}" != true ] || exit 1
exit 77
