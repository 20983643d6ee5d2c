// A socket of the kernel's SCTP: each call is the system call.
#pragma once

#include <atomic>
#include <memory>

#include "base/result.hpp"
#include "socket/socket.hpp"

namespace netsctp::socket {

class KernelSocket final : public Socket, public std::enable_shared_from_this<KernelSocket> {
 public:
  // Whether socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP) works here; otherwise its errno.
  [[nodiscard]] static int availability() noexcept;
  [[nodiscard]] static Result<std::shared_ptr<Socket>> create(int domain, int type);
  explicit KernelSocket(int descriptor) noexcept : descriptor_(descriptor) {}
  ~KernelSocket() override;

  [[nodiscard]] int descriptor() noexcept override { return descriptor_; }
  int bind(const sockaddr* address, socklen_t length) noexcept override;
  int listen(int backlog) noexcept override;
  int accept(std::shared_ptr<Socket>& accepted, sockaddr* address, socklen_t* length, int flags) noexcept override;
  int connect(const sockaddr* address, socklen_t length) noexcept override;
  ssize_t sendmsg(const msghdr* message, int flags) noexcept override;
  ssize_t recvmsg(msghdr* message, int flags) noexcept override;
  int getsockopt(int level, int option, void* value, socklen_t* length) noexcept override;
  int setsockopt(int level, int option, const void* value, socklen_t length) noexcept override;
  int peeloff(int association, std::shared_ptr<Socket>& peeled, int flags) noexcept override;
  int shutdown(int how) noexcept override;
  int getsockname(sockaddr* address, socklen_t* length) noexcept override;
  int getpeername(sockaddr* address, socklen_t* length) noexcept override;
  int ioctl(unsigned long request, void* argument) noexcept override;
  int close() noexcept override;
  void leave_error(int error) noexcept override { left_error_ = error; }
  [[nodiscard]] int take_left_error() noexcept override { return left_error_.exchange(0); }
  void moved_to(int duplicate) noexcept override;

 private:
  std::atomic<int> descriptor_;
  std::atomic<int> left_error_{0};
};

}  // namespace netsctp::socket
