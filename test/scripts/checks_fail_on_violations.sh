#!/usr/bin/env bash
# The checks of tools/ pass on a sound tree and fail on each planted violation: a check that cannot fail checks nothing.
set -euo pipefail
: "${SOURCE_DIR:?the tree that holds tools/}"
tools=$SOURCE_DIR/tools
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
failed=0

# expect <pass|fail> <what it is> <command...>
expect() {
  local outcome=pass wanted=$1 what=$2
  shift 2
  "$@" >"$place/output" 2>&1 || outcome=fail
  [ "$outcome" = "$wanted" ] && return
  echo "wrong: $what: expected $wanted"
  cat "$place/output"
  failed=1
}

tree=$place/tree
mkdir -p "$tree"/{src/{base,wire,core,api},include/net,cli,examples,test,docs/rfc}
printf 'netsctp_layer(base)\nnetsctp_layer(wire DEPENDS base LIBRARIES X::Y)\nnetsctp_layer(core DEPENDS wire)\n' > "$tree/CMakeLists.txt"

# includes <file> <header> <pass|fail>
includes() {
  echo "#include \"$2\"" > "$tree/$1"
  expect "$3" "$1 includes $2" "$tools/check_includes.py" "$tree"
  rm "$tree/$1"
}
includes src/core/a.cpp wire/x.hpp pass
includes src/core/a.cpp base/x.hpp pass
includes src/wire/a.cpp core/x.hpp fail
includes src/base/a.hpp wire/x.hpp fail
includes src/base/a.hpp ../wire/x.hpp fail
includes src/core/a.cpp net/sctp.hpp fail
includes src/api/a.cpp core/x.hpp pass
includes src/api/a.cpp net/sctp/socket.hpp pass
includes include/net/a.hpp base/x.hpp fail
includes cli/a.cpp net/sctp.hpp pass
includes cli/a.cpp wire/x.hpp fail
includes examples/a.cpp base/x.hpp fail
mkdir "$tree/src/stray"
expect fail "an undeclared folder" "$tools/check_includes.py" "$tree"
rmdir "$tree/src/stray"

# rule <pass|fail> <table row>
rule() {
  echo "$2" > "$tree/docs/rfc/9260.md"
  expect "$1" "$2" "$tools/check_rfc.py" "$tree"
}
echo '// RFC 9260 §6.3.3 E2: double. RFC 6951 §5.1 is another text.' > "$tree/src/core/timers.cpp"
echo '// RFC 9260 §8.4' > "$tree/src/core/stack.cpp"
printf '// RFC 9260 §7.2\nTEST(Timers, BacksOff) {}\nTEST(Stack, AbortsSection8_4) {}\n' > "$tree/test/timers_test.cpp"
rule pass '| §6.3.3 E2 | Double. | MUST | done | core/timers.cpp | BacksOff |'
rule pass '| §6.3 | Double. | MUST NOT | done | `src/core/timers.cpp` | `Timers.BacksOff` |'
rule pass '| §8.4 | Out of the blue. | MUST | done | core/stack.cpp | - |'
rule fail '| §6.3.3 E2 | Double. | MUST | done | - | BacksOff |'
rule fail '| §6.3.3 E2 | Double. | MUST | done | core/timers.cpp | - |'
rule fail '| §6.3.3 E2 | Double. | MUST | done | core/timers.cpp | Missing |'
rule fail '| §6.3.3 E2 | Double. | MUST | done | core/missing.cpp | BacksOff |'
rule fail '| §6.3.4 | Another. | MUST | done | core/timers.cpp | BacksOff |'
rule fail '| §5.1 | Of another RFC. | MUST | done | core/timers.cpp | BacksOff |'
rule pass '| §6.3.4 | Another. | SHOULD | done | - | - |'
rule pass '| §6.3.4 | Another. | SHOULD | not done | - | nobody asked for it |'
rule fail '| §6.3.4 | Another. | MUST | not done | - | - |'
rule fail '| §6.3.4 | Another. | MUST | half done | - | - |'
rule fail 'nothing'
echo '// RFC 9260' 'section 7.2' > "$tree/src/core/form.cpp"
rule fail '| §6.3.3 E2 | Double. | MUST | done | core/timers.cpp | BacksOff |'

# object <pass|fail> <C++ source>: what the core may hold
object() {
  echo "$2" > "$place/a.cpp"
  g++ -std=c++20 -O2 -c "$place/a.cpp" -o "$place/a.o"
  rm -f "$place"/libnetsctp_*.a
  ar rc "$place/libnetsctp_wire.a"
  ar rc "$place/libnetsctp_core.a" "$place/a.o"
  expect "$1" "$2" "$tools/check_symbols.sh" "$place"
}
object pass $'#include <vector>\nvoid f(std::vector<int>& v) { v.push_back(1); }'
object fail $'#include <sys/socket.h>\nint f() { return socket(1, 2, 0); }'
object fail $'#include <chrono>\nauto f() { return std::chrono::steady_clock::now(); }'
object fail $'#include <ctime>\nauto f() { return time(nullptr); }'
object fail $'#include <random>\nauto f() { return std::random_device{}(); }'
object fail $'#include <mutex>\nstd::mutex m; void f() { m.lock(); }'
object fail $'#include <thread>\nvoid f() { std::thread([] {}).join(); }'
object fail $'void f() { throw 1; }'
object fail $'#include <optional>\nint f(std::optional<int> o) { return o.value(); }'
object fail $'#include <cstdio>\nvoid f() { puts("x"); }'
object fail $'#include <iostream>\nvoid f() { std::cerr << 1; }'

[ $failed -eq 0 ] && echo "every planted violation was found"
exit $failed
