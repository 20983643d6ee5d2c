// The addresses of this host's interfaces that are up: all a wildcard bind stands for. Listing them takes the kernel
// ten system calls: they are kept until it tells of a change (rtnetlink(7)). Not thread-safe: the engine's lock guards
// it.
#pragma once

#include <vector>

#include "base/address.hpp"

namespace netsctp::socket {

class HostAddresses {
 public:
  HostAddresses() noexcept = default;
  ~HostAddresses() { close(); }
  HostAddresses(const HostAddresses&) = delete;
  HostAddresses& operator=(const HostAddresses&) = delete;

  // In the order of the interfaces, without duplicates.
  [[nodiscard]] std::vector<IpAddress> list(bool v4, bool v6);

  void close() noexcept;  // in the child of a fork() too: what the kernel tells is the parent's

 private:
  [[nodiscard]] bool has_changed() noexcept;

  int changes_ = -1;  // a netlink socket; -1: none yet, or it cannot be had
  std::vector<IpAddress> known_;
};

}  // namespace netsctp::socket
