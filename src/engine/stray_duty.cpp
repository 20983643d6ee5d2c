#include "engine/stray_duty.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace netsctp::engine {
namespace {

using link::Descriptor;

constexpr std::string_view kName = "netsctp/strays";  // abstract: after a zero byte
constexpr int kMaxWatching = 4096;                    // processes; net.core.somaxconn may allow fewer
constexpr int kAttempts = 4;  // who has the duty may end between our two attempts to take and to watch it

}  // namespace

void StrayDuty::seek() noexcept {
  if (socket_) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, kName.data(), kName.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + kName.size());
  const auto* const name = reinterpret_cast<const sockaddr*>(&address);
  for (int i = 0; i < kAttempts; ++i) {
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return;
    if (::bind(socket.number(), name, length) == 0) {
      if (::listen(socket.number(), kMaxWatching) != 0) return;
      socket_ = std::move(socket);
      is_ours_ = true;
      return;
    }
    if (::connect(socket.number(), name, length) == 0) {
      socket_ = std::move(socket);
      return;
    }
  }
}

void StrayDuty::drop() noexcept {
  socket_.reset();
  is_ours_ = false;
}

}  // namespace netsctp::engine
