// The life of a socket, in C (RFC 6458 §3.1, §4.1).
#include <netsctp.h>

#include <cerrno>
#include <memory>

#include "api/c/call.hpp"

using netsctp::c::answer;
using netsctp::c::on_socket;
using netsctp::socket::Socket;

int netsctp_socket(int domain, int type, int protocol) {
  constexpr int kStyles = 0xf;  // SOCK_TYPE_MASK
  if ((type & ~(kStyles | SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) return answer(-EINVAL);
  if (protocol != 0 && protocol != IPPROTO_SCTP) return answer(-EPROTONOSUPPORT);
  auto opened = netsctp::socket::open(domain, type);
  return answer(opened ? (*opened)->descriptor() : -opened.error().value());
}

int netsctp_bind(int sd, const struct sockaddr* address, socklen_t length) {
  return on_socket(sd, [=](Socket& socket) { return socket.bind(address, length); });
}

int netsctp_listen(int sd, int backlog) {
  return on_socket(sd, [=](Socket& socket) { return socket.listen(backlog); });
}

int netsctp_accept(int sd, struct sockaddr* address, socklen_t* length) {
  return netsctp_accept4(sd, address, length, 0);
}

int netsctp_accept4(int sd, struct sockaddr* address, socklen_t* length, int flags) {
  return on_socket(sd, [=](Socket& socket) {
    std::shared_ptr<Socket> accepted;
    const int error = socket.accept(accepted, address, length, flags);
    return error != 0 ? error : accepted->descriptor();
  });
}

int netsctp_connect(int sd, const struct sockaddr* address, socklen_t length) {
  return on_socket(sd, [=](Socket& socket) { return socket.connect(address, length); });
}

int netsctp_shutdown(int sd, int how) {
  return on_socket(sd, [=](Socket& socket) { return socket.shutdown(how); });
}

int netsctp_close(int sd) {
  return on_socket(sd, [](Socket& socket) { return socket.close(); });
}

int netsctp_getsockname(int sd, struct sockaddr* address, socklen_t* length) {
  return on_socket(sd, [=](Socket& socket) { return socket.getsockname(address, length); });
}

int netsctp_getpeername(int sd, struct sockaddr* address, socklen_t* length) {
  return on_socket(sd, [=](Socket& socket) { return socket.getpeername(address, length); });
}
