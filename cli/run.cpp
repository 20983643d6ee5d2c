#include "run.hpp"

#include <dlfcn.h>
#include <fmt/core.h>
#include <unistd.h>
#include <net/sctp.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "failure.hpp"

namespace cli {

namespace {

constexpr const char* kLibrary = "libnetsctp_preload.so";

// It lies beside the library this command uses.
std::filesystem::path preload_library() {
  Dl_info found{};
  if (::dladdr(reinterpret_cast<const void*>(&net::sctp::version), &found) == 0 || found.dli_fname == nullptr) {
    throw Failure("cannot find out where netsctp's library lies");
  }
  std::error_code error;
  auto library = std::filesystem::canonical(found.dli_fname, error).parent_path() / kLibrary;
  if (error || !std::filesystem::exists(library, error)) {
    throw Failure(fmt::format("the preload library is not there: {}", library.string()));
  }
  return library;
}

}  // namespace

int run_program(const std::vector<std::string>& command, bool tcp, const std::string& trace) {
  std::string preload = preload_library().string();
  if (preload.find_first_of(": ") != std::string::npos) {
    throw Failure(fmt::format("LD_PRELOAD takes no path with a space or colon in it: {}", preload));
  }
  // First in line: another preloaded library may rely on the names it takes over.
  if (const char* const others = std::getenv("LD_PRELOAD"); others != nullptr && *others != '\0') {
    preload += std::string(":") + others;
  }
  ::setenv("LD_PRELOAD", preload.c_str(), 1);
  if (!trace.empty()) ::setenv("NETSCTP_TRACE", std::filesystem::absolute(trace).c_str(), 1);
  if (tcp) {
    ::setenv("NETSCTP_PRELOAD_TCP", "1", 1);
  } else {
    ::unsetenv("NETSCTP_PRELOAD_TCP");
  }
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  std::signal(SIGPIPE, SIG_DFL);  // this command ignores it; what is executed inherits that
  ::execvp(arguments.front(), arguments.data());
  const int error = errno;
  fmt::print(stderr, "netsctp: cannot run {}: {}\n", command.front(), std::generic_category().message(error));
  return error == ENOENT ? 127 : 126;
}

}  // namespace cli
