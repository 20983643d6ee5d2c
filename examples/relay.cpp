// A packet from 127.0.0.i to the relay's 127.0.0.j leaves the relay's 127.0.0.i for 127.0.0.j: both ends see the
// addresses they would see without a relay.
#include "relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace demo {
namespace {

sockaddr_in loopback(std::size_t path, std::uint16_t port) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(path));
  return address;
}

int bound_socket(std::size_t path, std::uint16_t& port) {
  const int handle = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = loopback(path, port);
  socklen_t length = sizeof address;
  if (handle < 0 || ::bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
      ::getsockname(handle, reinterpret_cast<sockaddr*>(&address), &length) < 0) {
    throw std::system_error(errno, std::generic_category(), "open the relay");
  }
  port = ntohs(address.sin_port);
  return handle;
}

}  // namespace

Relay::Relay(std::uint16_t client_port, std::uint16_t server_port)
    : client_port_(client_port), server_port_(server_port) {
  for (std::size_t path = 0; path < kPaths; ++path) sockets_[path] = bound_socket(path, port_);
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread(&Relay::run, this);
}

Relay::~Relay() {
  ::eventfd_write(stop_, 1);
  thread_.join();
  for (const int handle : sockets_) ::close(handle);
  ::close(stop_);
}

void Relay::run() {
  std::array<pollfd, kPaths + 1> entries{};
  for (std::size_t path = 0; path < kPaths; ++path) entries[path] = {sockets_[path], POLLIN, 0};
  entries[kPaths] = {stop_, POLLIN, 0};
  while (entries[kPaths].revents == 0) {
    ::poll(entries.data(), entries.size(), -1);
    for (std::size_t path = 0; path < kPaths; ++path) {
      if (entries[path].revents != 0) forward(path);
    }
  }
}

void Relay::forward(std::size_t arrived_at) {
  std::array<std::byte, 65536> packet;
  sockaddr_in from{};
  socklen_t length = sizeof from;
  const ssize_t size =
      ::recvfrom(sockets_[arrived_at], packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
  const std::size_t sender = ntohl(from.sin_addr.s_addr) - INADDR_LOOPBACK;
  if (size < 0 || sender >= kPaths) return;
  if (cut_[arrived_at] || cut_[sender]) {
    ++lost_;
    return;
  }
  const bool to_server = ntohs(from.sin_port) == client_port_;
  const sockaddr_in to = loopback(arrived_at, to_server ? server_port_ : client_port_);
  ::sendto(sockets_[sender], packet.data(), static_cast<std::size_t>(size), 0, reinterpret_cast<const sockaddr*>(&to),
           sizeof to);
  ++forwarded_;
}

}  // namespace demo
