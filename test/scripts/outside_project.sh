#!/usr/bin/env bash
# A project outside this tree finds the installed library by find_package and by pkg-config, builds and runs.
# The headers are all it sees: what they need must be installed with them.
set -euo pipefail
: "${BUILD_DIR:?the build to install from}"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cmake --install "$BUILD_DIR" --prefix "$place/prefix" >/dev/null
mv "$place/prefix" "$place/moved"  # an installed tree is relocatable
prefix=$place/moved

mkdir "$place/project"
cat > "$place/project/main.cpp" <<'END'
#include <net/sctp.hpp>

int main() {
  const net::sctp::Socket socket({.local_host = {"127.0.0.1"}});
  return socket.is_open() ? 0 : 1;
}
END
mkdir "$place/c_project"
cat > "$place/c_project/main.c" <<'END'
#include <netsctp.h>

int main(void) {
  const int sd = netsctp_socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
  return sd >= 0 && netsctp_close(sd) == 0 ? 0 : 1;
}
END
cat > "$place/c_project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(outside LANGUAGES C)
find_package(netsctp 0.1 REQUIRED)
add_executable(outside main.c)
target_link_libraries(outside net::sctp)
set_target_properties(outside PROPERTIES C_STANDARD 99 C_EXTENSIONS OFF)
target_compile_options(outside PRIVATE -pedantic -Wall -Wextra -Werror)
END
cat > "$place/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(outside LANGUAGES CXX)
find_package(netsctp 0.1 REQUIRED)
add_executable(outside main.cpp)
target_link_libraries(outside net::sctp)
target_compile_features(outside PRIVATE cxx_std_20)
END

for project in project c_project; do
  echo "find_package ($project)"
  cmake -G Ninja -S "$place/$project" -B "$place/build_$project" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
  cmake --build "$place/build_$project"
  "$place/build_$project/outside"
done

echo "pkg-config"
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name netsctp.pc)")
export PKG_CONFIG_PATH
read -ra cflags < <(pkg-config --cflags netsctp)
read -ra libs < <(pkg-config --libs netsctp)
g++ -std=c++20 "${cflags[@]}" "$place/project/main.cpp" -o "$place/by_pkg_config" "${libs[@]}"
cc -std=c99 -pedantic -Wall -Wextra -Werror "${cflags[@]}" "$place/c_project/main.c" -o "$place/c_by_pkg_config" "${libs[@]}"
for program in by_pkg_config c_by_pkg_config; do
  LD_LIBRARY_PATH=$(pkg-config --variable=libdir netsctp) "$place/$program"
done

echo "the installed command"
"$prefix/bin/netsctp" --version
