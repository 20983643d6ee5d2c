// A msghdr as a program hands it in, copied before it is looked at, as the kernel does: pointers to nowhere are errors,
// and nothing changes while it is worked with (linux: net/socket.c, copy_msghdr_from_user).
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace netsctp::socket {

constexpr std::size_t kMaxVectors = 1024;  // UIO_MAXIOV

// The iovecs of a program, copied. The memory they name is not looked at, but is the program's half of the address
// space.
class UserVectors {
 public:
  UserVectors() = default;
  UserVectors(const UserVectors&) = delete;
  UserVectors& operator=(const UserVectors&) = delete;

  // 0, or negative: EMSGSIZE, more than kMaxVectors; EINVAL, more bytes than fit ssize_t; EFAULT.
  [[nodiscard]] int import(const iovec* theirs, std::size_t count) noexcept;
  [[nodiscard]] std::span<iovec> all() noexcept { return all_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }  // at most what a message can have, as Linux

 private:
  std::array<iovec, 8> few_;
  std::vector<iovec> many_;
  std::span<iovec> all_;
  std::size_t bytes_ = 0;
};

class UserMessage {
 public:
  UserMessage() = default;
  UserMessage(const UserMessage&) = delete;
  UserMessage& operator=(const UserMessage&) = delete;

  // Copies name, vectors and ancillary data: `header` names the copies, of the payload the program's memory. 0, or
  // negative: EFAULT, EMSGSIZE, EINVAL, ENOBUFS (more ancillary data than anybody needs).
  [[nodiscard]] int import_to_send(const msghdr* theirs) noexcept;
  // Copies the vectors; name and ancillary data of `header` are the program's memory, to be filled by write_user().
  [[nodiscard]] int import_to_fill(const msghdr* theirs) noexcept;
  // Stores the results of a receive where import_to_fill() had the header from: flags, lengths. 0 or EFAULT.
  [[nodiscard]] static int store(const msghdr& result, msghdr* theirs) noexcept;

  msghdr header{};

 private:
  static constexpr std::size_t kMostControl = 20480;  // net.core.optmem_max

  [[nodiscard]] int import(const msghdr* theirs) noexcept;

  UserVectors vectors_;
  sockaddr_storage name_;
  alignas(cmsghdr) std::array<std::byte, 256> little_control_;
  std::vector<std::byte> control_;
};

}  // namespace netsctp::socket
