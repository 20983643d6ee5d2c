// What serves, in C.
#include "socket/backend.hpp"

#include <netsctp.h>

#include <cerrno>
#include <net/sctp/backend.hpp>
#include <system_error>

#include "socket/socket.hpp"

using netsctp::socket::Backend;
using netsctp::socket::backend;

const char* netsctp_version(void) {
  return net::sctp::version().data();  // of a literal: it ends with a zero
}

const char* netsctp_backend(void) {
  if (!backend().error.empty()) {
    errno = EPROTONOSUPPORT;
    return nullptr;
  }
  return backend().kind == Backend::Kind::kKernel ? "kernel" : "stack";
}

int netsctp_trace(const char* path) {
  const std::error_code error = netsctp::socket::trace(path);
  if (!error) return 0;
  errno = error.value();
  return -1;
}

const char* netsctp_backend_reason(void) {
  return backend().error.empty() ? backend().reason.c_str() : backend().error.c_str();
}
