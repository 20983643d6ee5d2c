// What a fork() leaves in the child.
#pragma once

namespace netsctp::socket {

// In the child of a fork(), before any other call: the parent's instance and descriptor table are left behind as they
// are (nobody can say in what state its threads held them, and no destructor may run), and the next open() makes new
// ones. Closes nothing: the caller knows which descriptors were the stack's.
void abandon_after_fork() noexcept;

}  // namespace netsctp::socket
