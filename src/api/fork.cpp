// fork() in a program that uses this library: the child starts with a stack of its own (socket/after_fork.hpp).
#include <pthread.h>

#include "socket/after_fork.hpp"

namespace {

[[maybe_unused]] const int kRegistered = ::pthread_atfork(
    netsctp::socket::before_fork, netsctp::socket::after_fork_in_parent, netsctp::socket::after_fork_in_child);

}  // namespace
