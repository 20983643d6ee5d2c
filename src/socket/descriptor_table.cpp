#include "socket/descriptor_table.hpp"

#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "socket/after_fork.hpp"
#include "socket/instance.hpp"
#include "socket/socket.hpp"

namespace netsctp::socket {

namespace {

struct DescriptorTable {
  std::shared_mutex mutex;
  std::vector<std::shared_ptr<Socket>> sockets;  // by descriptor
};

// Never destroyed: threads may look up while the process exits.
DescriptorTable*& the_table() noexcept {
  static auto* table = new DescriptorTable;
  return table;
}
DescriptorTable& table() noexcept {
  return *the_table();
}

}  // namespace

void abandon_after_fork() noexcept {
  the_table() = new DescriptorTable;
  Instance::abandon();
}

void hold_descriptors() noexcept {
  table().mutex.lock();
}

void release_descriptors() noexcept {
  table().mutex.unlock();
}

void inherit_descriptors() noexcept {
  // The lock is the parent's for good.
  auto* const fresh = new DescriptorTable;
  fresh->sockets.swap(table().sockets);
  the_table() = fresh;
}

void enter_descriptor(int descriptor, std::shared_ptr<Socket> socket) {
  DescriptorTable& all = table();
  const std::unique_lock lock(all.mutex);
  const auto index = static_cast<std::size_t>(descriptor);
  if (index >= all.sockets.size()) all.sockets.resize(index + 1);
  std::swap(all.sockets[index], socket);
}

void forget_descriptor(int descriptor, const Socket* socket, const std::function<void()>& close) noexcept {
  DescriptorTable& all = table();
  std::shared_ptr<Socket> last;  // destroyed without the lock
  const std::unique_lock lock(all.mutex);
  const auto index = static_cast<std::size_t>(descriptor);
  if (descriptor >= 0 && index < all.sockets.size() && all.sockets[index].get() == socket) {
    last.swap(all.sockets[index]);
  }
  if (close) close();
}

std::shared_ptr<Socket> lookup(int descriptor) noexcept {
  DescriptorTable& all = table();
  const std::shared_lock lock(all.mutex);
  const auto index = static_cast<std::size_t>(descriptor);
  return descriptor >= 0 && index < all.sockets.size() ? all.sockets[index] : nullptr;
}

}  // namespace netsctp::socket
