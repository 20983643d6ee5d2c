// What a fork() leaves in the child.
#pragma once

namespace netsctp::socket {

// For pthread_atfork(), in a process that uses the stack as a library. What before_fork() locks, the other two unlock.
// In the child, what the stack held for itself is closed, the descriptors of its sockets become hung up and are
// nobody's sockets any more, and the next open() makes a new stack. Sockets of the kernel go on in both processes.
void before_fork() noexcept;
void after_fork_in_parent() noexcept;
void after_fork_in_child() noexcept;

// In the child of a fork(), before any other call: the parent's instance and descriptor table are left behind as they
// are (nobody can say in what state its threads held them, and no destructor may run), and the next open() makes new
// ones. Closes nothing: the caller knows which descriptors were the stack's.
void abandon_after_fork() noexcept;

}  // namespace netsctp::socket
