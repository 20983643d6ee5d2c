// libc's own functions, behind the names this library takes over. Each is looked up once, at its first use, so that
// calls work before any constructor has run and none costs more than a load.
#pragma once

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#include <atomic>
#include <cerrno>

namespace netsctp::preload {

template <class Signature>
class LibcFunction;

template <class Result, class... Arguments>
class LibcFunction<Result(Arguments...)> {
 public:
  explicit constexpr LibcFunction(const char* name) noexcept : name_(name) {}

  Result operator()(Arguments... arguments) {
    Function* function = function_.load(std::memory_order_relaxed);
    if (function == nullptr) function = find();
    return function(arguments...);
  }

 private:
  using Function = Result(Arguments...);

  // The next object in line: libc, or another library that takes over the same name.
  [[gnu::noinline, gnu::cold]] Function* find() noexcept {
    auto* function = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name_));
    if (function == nullptr) {  // a libc without it
      function = [](Arguments...) -> Result {
        errno = ENOSYS;
        return -1;
      };
    }
    function_.store(function, std::memory_order_relaxed);
    return function;
  }

  const char* name_;
  std::atomic<Function*> function_{nullptr};
};

// fcntl and ioctl are variadic in C; with one word behind the fixed arguments both forms are called alike.
namespace libc {

inline constinit LibcFunction<int(int, int, int)> socket("socket");
inline constinit LibcFunction<int(int, int, int, int*)> socketpair("socketpair");
inline constinit LibcFunction<int(int, const sockaddr*, socklen_t)> bind("bind");
inline constinit LibcFunction<int(int, int)> listen("listen");
inline constinit LibcFunction<int(int, sockaddr*, socklen_t*)> accept("accept");
inline constinit LibcFunction<int(int, sockaddr*, socklen_t*, int)> accept4("accept4");
inline constinit LibcFunction<int(int, const sockaddr*, socklen_t)> connect("connect");
inline constinit LibcFunction<int(int, sockaddr*, socklen_t*)> getsockname("getsockname");
inline constinit LibcFunction<int(int, sockaddr*, socklen_t*)> getpeername("getpeername");
inline constinit LibcFunction<int(int, int, int, void*, socklen_t*)> getsockopt("getsockopt");
inline constinit LibcFunction<int(int, int, int, const void*, socklen_t)> setsockopt("setsockopt");
inline constinit LibcFunction<int(int, int)> shutdown("shutdown");

inline constinit LibcFunction<ssize_t(int, const void*, size_t, int)> send("send");
inline constinit LibcFunction<ssize_t(int, const void*, size_t, int, const sockaddr*, socklen_t)> sendto("sendto");
inline constinit LibcFunction<ssize_t(int, const msghdr*, int)> sendmsg("sendmsg");
inline constinit LibcFunction<int(int, mmsghdr*, unsigned, int)> sendmmsg("sendmmsg");
inline constinit LibcFunction<ssize_t(int, void*, size_t, int)> recv("recv");
inline constinit LibcFunction<ssize_t(int, void*, size_t, int, sockaddr*, socklen_t*)> recvfrom("recvfrom");
inline constinit LibcFunction<ssize_t(int, msghdr*, int)> recvmsg("recvmsg");
inline constinit LibcFunction<int(int, mmsghdr*, unsigned, int, timespec*)> recvmmsg("recvmmsg");
inline constinit LibcFunction<ssize_t(int, void*, size_t)> read("read");
inline constinit LibcFunction<ssize_t(int, const void*, size_t)> write("write");
inline constinit LibcFunction<ssize_t(int, const iovec*, int)> readv("readv");
inline constinit LibcFunction<ssize_t(int, const iovec*, int)> writev("writev");
inline constinit LibcFunction<ssize_t(int, void*, size_t, size_t)> read_chk("__read_chk");
inline constinit LibcFunction<ssize_t(int, void*, size_t, size_t, int)> recv_chk("__recv_chk");
inline constinit LibcFunction<ssize_t(int, void*, size_t, size_t, int, sockaddr*, socklen_t*)> recvfrom_chk(
    "__recvfrom_chk");
inline constinit LibcFunction<ssize_t(int, int, off_t*, size_t)> sendfile("sendfile");
inline constinit LibcFunction<ssize_t(int, off64_t*, int, off64_t*, size_t, unsigned)> splice("splice");

inline constinit LibcFunction<int(int)> close("close");
inline constinit LibcFunction<int(unsigned, unsigned, int)> close_range("close_range");
inline constinit LibcFunction<int(int)> dup("dup");
inline constinit LibcFunction<int(int, int)> dup2("dup2");
inline constinit LibcFunction<int(int, int, int)> dup3("dup3");
inline constinit LibcFunction<int(int, int, void*)> fcntl("fcntl");
inline constinit LibcFunction<int(int, unsigned long, void*)> ioctl("ioctl");
inline constinit LibcFunction<int(unsigned, int)> eventfd("eventfd");
inline constinit LibcFunction<int(void*, size_t)> munmap("munmap");
inline constinit LibcFunction<int(void*, size_t, int)> mprotect("mprotect");
inline constinit LibcFunction<int(int)> epoll_create1("epoll_create1");

}  // namespace libc
}  // namespace netsctp::preload
