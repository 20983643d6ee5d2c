// Messages as any socket has them, in C: each becomes one sendmsg() or recvmsg() (RFC 6458 §3.1.4, §4.1.8).
#include <netsctp.h>

#include "api/c/call.hpp"
#include "socket/calls.hpp"

using netsctp::c::on_socket;
using netsctp::socket::Socket;

ssize_t netsctp_send(int sd, const void* message, size_t length, int flags) {
  return netsctp_sendto(sd, message, length, flags, nullptr, 0);
}

ssize_t netsctp_sendto(int sd, const void* message, size_t length, int flags, const struct sockaddr* to,
                       socklen_t to_length) {
  return on_socket(
      sd, [=](Socket& socket) { return netsctp::socket::send_bytes(socket, message, length, flags, to, to_length); });
}

ssize_t netsctp_sendmsg(int sd, const struct msghdr* message, int flags) {
  return on_socket(sd, [=](Socket& socket) { return socket.sendmsg(message, flags); });
}

ssize_t netsctp_write(int sd, const void* message, size_t length) {
  return netsctp_sendto(sd, message, length, 0, nullptr, 0);
}

ssize_t netsctp_writev(int sd, const struct iovec* iov, int iovcnt) {
  return on_socket(sd, [=](Socket& socket) { return netsctp::socket::send_vectors(socket, iov, iovcnt); });
}

int netsctp_sendmmsg(int sd, struct mmsghdr* messages, unsigned int count, int flags) {
  return on_socket(sd, [=](Socket& socket) { return netsctp::socket::send_messages(socket, messages, count, flags); });
}

ssize_t netsctp_recv(int sd, void* buffer, size_t size, int flags) {
  return netsctp_recvfrom(sd, buffer, size, flags, nullptr, nullptr);
}

ssize_t netsctp_recvfrom(int sd, void* buffer, size_t size, int flags, struct sockaddr* from, socklen_t* from_length) {
  return on_socket(sd, [=](Socket& socket) {
    return netsctp::socket::receive_bytes(socket, buffer, size, flags, from, from_length);
  });
}

ssize_t netsctp_recvmsg(int sd, struct msghdr* message, int flags) {
  return on_socket(sd, [=](Socket& socket) { return socket.recvmsg(message, flags); });
}

ssize_t netsctp_read(int sd, void* buffer, size_t size) {
  if (size != 0) return netsctp_recvfrom(sd, buffer, size, 0, nullptr, nullptr);
  return on_socket(sd, [](Socket&) -> ssize_t { return 0; });  // read(2): nothing asked for
}

ssize_t netsctp_readv(int sd, const struct iovec* iov, int iovcnt) {
  return on_socket(sd, [=](Socket& socket) { return netsctp::socket::receive_vectors(socket, iov, iovcnt); });
}

int netsctp_recvmmsg(int sd, struct mmsghdr* messages, unsigned int count, int flags, struct timespec* timeout) {
  return on_socket(
      sd, [=](Socket& socket) { return netsctp::socket::receive_messages(socket, messages, count, flags, timeout); });
}
