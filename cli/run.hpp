// `netsctp run`: a program under the preload library.
#pragma once

#include <string>
#include <vector>

namespace cli {

// Becomes the program `command` (name, then arguments). `tcp`: its TCP sockets become one-to-one SCTP sockets. `trace`:
// its packets go to this file, if not empty. Returns only if that fails: 127 not found, 126 found but not to be
// executed.
int run_program(const std::vector<std::string>& command, bool tcp, const std::string& trace);

}  // namespace cli
