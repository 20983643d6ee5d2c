// What a dup() of the descriptor asks for.
#include "socket/descriptor_table.hpp"
#include "socket/instance.hpp"
#include "socket/stack_socket.hpp"

namespace netsctp::socket {

void StackSocket::moved_to(int duplicate) noexcept {
  auto session = instance_.engine().session();
  if (closed_) return;
  forget_descriptor(readiness_.descriptor(), this);
  readiness_.move_to(duplicate);
  enter_descriptor(duplicate, shared_from_this());
}

}  // namespace netsctp::socket
