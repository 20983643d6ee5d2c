#include "preload/descriptors.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <mutex>
#include <new>
#include <shared_mutex>
#include <utility>

#include "preload/libc.hpp"
#include "socket/after_fork.hpp"

namespace netsctp::preload {

constinit std::array<std::atomic<Kind>, kMaxDescriptors> kinds{};

namespace {

constexpr int kHighest = static_cast<int>(kMaxDescriptors) - 1;

struct Slot {
  std::shared_ptr<Description> description;
  bool close_on_exec = false;
};

struct Table {
  std::shared_mutex mutex;
  std::vector<Slot> slots;  // by descriptor
};

// Never destroyed: threads call while the process exits. Replaced in the child of a fork(), where nobody can say what
// the parent's threads were doing with it.
Table& table() noexcept;
alignas(Table) constinit std::array<std::byte, sizeof(Table)> table_place{};
std::once_flag table_made;
Table& table() noexcept {
  std::call_once(table_made, [] { new (table_place.data()) Table; });
  return *std::launder(reinterpret_cast<Table*>(table_place.data()));
}

constinit std::atomic<pid_t> owner{0};
constinit std::atomic<int> highest{-1};  // the highest number that ever was anything but kOther

void mark(int descriptor, Kind kind) noexcept {
  kinds[static_cast<std::size_t>(descriptor)].store(kind, std::memory_order_release);
  int known = highest.load();
  while (kind != Kind::kOther && known < descriptor && !highest.compare_exchange_weak(known, descriptor)) {
  }
}

void* as_argument(long value) noexcept {
  return reinterpret_cast<void*>(value);
}

// With the table's lock held exclusively.
Slot& slot_of(Table& all, int descriptor) {
  const auto index = static_cast<std::size_t>(descriptor);
  if (index >= all.slots.size()) all.slots.resize(index + 1);
  return all.slots[index];
}

void join(Table& all, int descriptor, std::shared_ptr<Description> description, bool close_on_exec) {
  Slot& slot = slot_of(all, descriptor);
  description->descriptors.push_back(descriptor);
  slot.description = std::move(description);
  slot.close_on_exec = close_on_exec;
  mark(descriptor, Kind::kSocket);
}

// Takes a descriptor out of the table. What is left to do without the lock: close the socket (which closes the
// descriptor), or only the descriptor.
struct Left {
  std::shared_ptr<Description> last;
  bool only_descriptor = false;
};
Left leave(Table& all, int descriptor) noexcept {
  Left left;
  if (kind_of(descriptor) == Kind::kInherited) {
    mark(descriptor, Kind::kOther);
    left.only_descriptor = true;
    return left;
  }
  if (kind_of(descriptor) != Kind::kSocket) return left;
  std::shared_ptr<Description> description = std::move(slot_of(all, descriptor).description);
  std::erase(description->descriptors, descriptor);
  mark(descriptor, Kind::kClosing);
  if (description->descriptors.empty()) {
    left.last = std::move(description);
  } else {
    if (description->socket->descriptor() == descriptor) {
      description->socket->moved_to(description->descriptors.front());
    }
    left.only_descriptor = true;
  }
  return left;
}

// --- fork()

void before_fork() noexcept {
  table().mutex.lock();
}

void after_fork_in_parent() noexcept {
  table().mutex.unlock();
}

// A descriptor with no one at the other end: POLLIN, POLLHUP.
int hung_up() noexcept {
  int ends[2];
  if (libc::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
  libc::close(ends[1]);
  return ends[0];
}

void after_fork_in_child() noexcept {
  if (highest < 0) return;
  socket::abandon_after_fork();
  const int replacement = hung_up();
  for (int each = 0; each <= highest; ++each) {
    switch (kind_of(each)) {
      case Kind::kOther:
      case Kind::kInherited:
        break;
      case Kind::kOwn:
      case Kind::kClosing:
        libc::close(each);
        mark(each, Kind::kOther);
        break;
      case Kind::kOwnEventfd:
        if (const int fresh = libc::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); fresh >= 0) {
          libc::dup3(fresh, each, O_CLOEXEC);
          libc::close(fresh);
        }
        break;
      case Kind::kSocket:
        mark(each, Kind::kInherited);
        if (replacement >= 0) libc::dup3(replacement, each, O_CLOEXEC);
        break;
    }
  }
  if (replacement >= 0) libc::close(replacement);
  // The old one is left as it is: its sockets' destructors must not run here.
  new (table_place.data()) Table;
  owner = ::getpid();
}

}  // namespace

namespace descriptors {

bool is_this_process() noexcept {
  return owner.load(std::memory_order_relaxed) == ::getpid();
}

void begin() noexcept {
  static std::once_flag once;
  std::call_once(once, [] {
    (void)table();
    owner = ::getpid();
    ::pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
  });
}

std::shared_ptr<Description> find(int descriptor) noexcept {
  Table& all = table();
  const std::shared_lock lock(all.mutex);
  const auto index = static_cast<std::size_t>(static_cast<unsigned>(descriptor));
  return index < all.slots.size() ? all.slots[index].description : nullptr;
}

int enter(std::shared_ptr<socket::Socket> socket, int domain, bool as_tcp, bool close_on_exec) noexcept {
  const int descriptor = socket->descriptor();
  if (descriptor < 0) return -EBADF;
  if (descriptor > kHighest) {
    (void)socket->close();
    return -EMFILE;
  }
  auto description = std::make_shared<Description>();
  description->socket = std::move(socket);
  description->domain = domain;
  description->as_tcp = as_tcp;
  Table& all = table();
  const std::unique_lock lock(all.mutex);
  join(all, descriptor, std::move(description), close_on_exec);
  return descriptor;
}

int close(int descriptor) noexcept {
  if (!is_this_process()) return libc::close(descriptor) == 0 ? 0 : -errno;
  if (kind_of(descriptor) == Kind::kOwn || kind_of(descriptor) == Kind::kOwnEventfd) return -EBADF;
  Left left;
  {
    Table& all = table();
    const std::unique_lock lock(all.mutex);
    left = leave(all, descriptor);
  }
  if (left.last != nullptr) return left.last->socket->close();
  // Without either: another thread was faster.
  if (left.only_descriptor) forget(descriptor);
  return left.only_descriptor && libc::close(descriptor) == 0 ? 0 : -EBADF;
}

void close_range(unsigned first, unsigned last) noexcept {
  const auto end = static_cast<unsigned>(highest.load());
  unsigned run = first;  // nothing of ours from here on
  if (highest >= 0) {
    for (unsigned each = first; each <= last && each <= end; ++each) {
      if (kind_of(static_cast<int>(each)) == Kind::kOther) continue;
      if (each > run) libc::close_range(run, each - 1, 0);
      (void)close(static_cast<int>(each));
      run = each + 1;
    }
  }
  if (run <= last) libc::close_range(run, last, 0);
}

int duplicate(int descriptor, int lowest, bool close_on_exec) noexcept {
  if (!is_this_process() || kind_of(descriptor) == Kind::kInherited) {
    const int copy = libc::fcntl(descriptor, F_DUPFD_CLOEXEC, as_argument(lowest));
    if (copy < 0) return -errno;
    if (is_this_process() && copy <= kHighest) mark(copy, Kind::kInherited);
    return copy;
  }
  Table& all = table();
  const std::unique_lock lock(all.mutex);
  if (kind_of(descriptor) != Kind::kSocket) return -EBADF;
  auto description = slot_of(all, descriptor).description;
  const int copy = libc::fcntl(descriptor, F_DUPFD_CLOEXEC, as_argument(lowest));
  if (copy < 0) return -errno;
  if (copy > kHighest) {
    libc::close(copy);
    return -EMFILE;
  }
  join(all, copy, std::move(description), close_on_exec);
  return copy;
}

int duplicate_to(int descriptor, int to, bool close_on_exec) noexcept {
  const int flags = close_on_exec ? O_CLOEXEC : 0;
  if (!is_this_process()) {
    const int copy = libc::dup3(descriptor, to, is_ours(descriptor) ? O_CLOEXEC : flags);
    return copy < 0 ? -errno : copy;
  }
  if (libc::fcntl(descriptor, F_GETFD, nullptr) < 0 || kind_of(descriptor) == Kind::kOwn) return -EBADF;
  if (kind_of(to) == Kind::kOwn || kind_of(to) == Kind::kOwnEventfd || kind_of(to) == Kind::kClosing) return -EBUSY;
  if (to > kHighest) return -EBADF;
  if (is_ours(to)) (void)close(to);  // as dup2(2): silently
  Table& all = table();
  const std::unique_lock lock(all.mutex);
  const Kind kind = kind_of(descriptor);
  if (libc::dup3(descriptor, to, kind == Kind::kOther ? flags : O_CLOEXEC) < 0) return -errno;
  if (kind == Kind::kInherited) mark(to, Kind::kInherited);
  if (kind == Kind::kSocket) {
    auto description = slot_of(all, descriptor).description;
    join(all, to, std::move(description), close_on_exec);
  }
  return to;
}

bool closes_on_exec(int descriptor) noexcept {
  Table& all = table();
  const std::shared_lock lock(all.mutex);
  const auto index = static_cast<std::size_t>(descriptor);
  return index < all.slots.size() && all.slots[index].close_on_exec;
}

void set_close_on_exec(int descriptor, bool close_on_exec) noexcept {
  if (!is_this_process()) return;
  Table& all = table();
  const std::unique_lock lock(all.mutex);
  slot_of(all, descriptor).close_on_exec = close_on_exec;
}

void set_close_on_exec_range(unsigned first, unsigned last) noexcept {
  if (!is_this_process()) return;
  Table& all = table();
  const std::unique_lock lock(all.mutex);
  for (std::size_t each = first; each <= last && each < all.slots.size(); ++each) all.slots[each].close_on_exec = true;
}

void refresh_duplicates(const Description& description) noexcept {
  Table& all = table();
  const std::unique_lock lock(all.mutex);
  if (description.descriptors.size() < 2) return;
  const int kept = description.socket->descriptor();
  struct stat now {};
  if (kept < 0 || ::fstat(kept, &now) != 0) return;
  for (const int each : description.descriptors) {
    struct stat its {};
    if (each != kept && ::fstat(each, &its) == 0 && its.st_ino != now.st_ino) libc::dup3(kept, each, O_CLOEXEC);
  }
}

int keep(int descriptor, Kind kind) noexcept {
  if (descriptor < 0) return descriptor;
  static const int lowest = [] {
    rlimit limit{};
    const bool known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0;
    return known && limit.rlim_cur < 1024 ? static_cast<int>(limit.rlim_cur / 2) : 512;
  }();
  const int before = errno;
  if (const int high = libc::fcntl(descriptor, F_DUPFD_CLOEXEC, as_argument(lowest)); high >= 0) {
    libc::close(descriptor);
    descriptor = high;
  }
  errno = before;
  if (descriptor <= kHighest) mark(descriptor, kind);
  return descriptor;
}

void forget(int descriptor) noexcept {
  const Kind kind = kind_of(descriptor);
  if (kind == Kind::kOwn || kind == Kind::kOwnEventfd || kind == Kind::kClosing) mark(descriptor, Kind::kOther);
}

}  // namespace descriptors
}  // namespace netsctp::preload
