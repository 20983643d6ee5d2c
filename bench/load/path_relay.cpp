// A path between two network namespaces, in user space: every IP packet that leaves one, whatever its protocol, arrives
// in the other after a delay, unless it is lost or finds the bottleneck's queue full. So TCP and SCTP in UDP meet the
// same path. Prints {"namespaces": [pid, pid]}, processes whose namespaces nsenter(1) enters; ends with its input.
// SIGUSR1: the first subnet falls silent. Needs /dev/net/tun and root, or namespaces of its own user.
//
// The ends have the addresses 10.77.1.1 and 10.77.2.1, 10.77.1.2 and 10.77.2.2. Each direction has the delay, the loss
// and the rate; its queue holds what the rate carries in twice the delay, at least 64 packets.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration_cast;

constexpr std::size_t kMtu = 1500;
constexpr int kDevices = 2;  // subnets

volatile sig_atomic_t cut = 0;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// ---- The ends -------------------------------------------------------------------------------------------------------

void write_file(const char* path, const std::string& text) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, text.data(), text.size()) < 0) fail(path);
  close(file);
}

void enter_new_namespace() {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (user == 0) {
    if (unshare(CLONE_NEWNET) != 0) fail("a network namespace");
    return;
  }
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) fail("a network namespace without root");
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
  write_file("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
}

void bring_up(const char* name) {
  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(control, SIOCGIFFLAGS, &request) != 0) fail("SIOCGIFFLAGS");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
  if (ioctl(control, SIOCSIFFLAGS, &request) != 0) fail("SIOCSIFFLAGS");
  close(control);
}

// A device whose packets are read and written here, with the address 10.77.<subnet>.<end>/24.
int tunnel(int subnet, int end) {
  const int device = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (device < 0) fail("/dev/net/tun");
  ifreq request{};
  std::snprintf(request.ifr_name, IFNAMSIZ, "path%d", subnet);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(device, TUNSETIFF, &request) != 0) fail("TUNSETIFF");

  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto set = [&](unsigned long what, const std::string& ip) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
    std::memcpy(&request.ifr_addr, &address, sizeof address);
    if (ioctl(control, what, &request) != 0) fail(ip.c_str());
  };
  set(SIOCSIFADDR, "10.77." + std::to_string(subnet) + "." + std::to_string(end));
  set(SIOCSIFNETMASK, "255.255.255.0");
  request.ifr_qlen = 10000;  // what is lost is lost on the path, not on the way to it
  if (ioctl(control, SIOCSIFTXQLEN, &request) != 0) fail("SIOCSIFTXQLEN");
  close(control);
  bring_up(request.ifr_name);
  return device;
}

using Devices = std::array<int, kDevices>;

// In the child: makes an end and hands its devices over. It stays, so that the namespace does.
[[noreturn]] void be_end(int end, int to) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    enter_new_namespace();
    bring_up("lo");
    Devices devices{};
    for (int i = 0; i < kDevices; ++i) devices[static_cast<std::size_t>(i)] = tunnel(i + 1, end);
    std::byte byte{};
    iovec vector{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(Devices))> space{};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = space.data();
    message.msg_controllen = space.size();
    cmsghdr* const control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof devices);
    std::memcpy(CMSG_DATA(control), &devices, sizeof devices);
    if (sendmsg(to, &message, 0) < 0) fail("sendmsg");
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "path_relay: %s\n", problem.what());
    _exit(1);
  }
  for (;;) pause();
}

struct End {
  pid_t holder = -1;
  Devices devices{};
};

End make_end(int number) {
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) fail("socketpair");
  End end;
  end.holder = fork();
  if (end.holder < 0) fail("fork");
  if (end.holder == 0) be_end(number, pair[1]);
  close(pair[1]);
  std::byte byte{};
  iovec vector{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(Devices))> space{};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = space.data();
  message.msg_controllen = space.size();
  if (recvmsg(pair[0], &message, MSG_CMSG_CLOEXEC) <= 0) throw std::runtime_error("no path can be made here");
  std::memcpy(&end.devices, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof end.devices);
  close(pair[0]);
  return end;
}

// ---- The way between them -------------------------------------------------------------------------------------------

struct Properties {
  std::chrono::nanoseconds delay{};
  double loss = 0;              // of each packet, 0 to 1
  double bytes_per_second = 0;  // 0: any
  std::uint64_t seed = 1;
};

// One direction of one subnet.
class Way {
 public:
  Way(int from, int to, bool first_subnet, const Properties& properties, std::uint64_t stream)
      : from_(from),
        to_(to),
        first_subnet_(first_subnet),
        properties_(properties),
        random_(properties.seed * 2 * kDevices + stream) {
    const double queue = properties.bytes_per_second * std::chrono::duration<double>(properties.delay).count() * 2;
    queue_limit_ = std::max(static_cast<std::size_t>(queue), 64 * kMtu);
  }

  [[nodiscard]] int descriptor() const { return from_; }

  void take(Clock::time_point now) {
    std::array<std::byte, 65536> buffer;
    for (;;) {
      const ssize_t size = read(from_, buffer.data(), buffer.size());
      if (size <= 0) return;
      if ((cut != 0 && first_subnet_) || chance_(random_) < properties_.loss) continue;
      enqueue({buffer.begin(), buffer.begin() + size}, now);
    }
  }
  // Hands over what is due; when the next is.
  Clock::time_point give(Clock::time_point now) {
    while (!packets_.empty() && packets_.front().due <= now) {
      const std::vector<std::byte>& bytes = packets_.front().bytes;
      if (write(to_, bytes.data(), bytes.size()) < 0 && errno == EAGAIN) return now + std::chrono::microseconds(100);
      packets_.pop_front();
    }
    return packets_.empty() ? Clock::time_point::max() : packets_.front().due;
  }

 private:
  struct Packet {
    std::vector<std::byte> bytes;
    Clock::time_point due;
  };

  void enqueue(std::vector<std::byte> bytes, Clock::time_point now) {
    Clock::duration sending{};
    if (properties_.bytes_per_second > 0) {
      const auto waiting = std::max(free_at_ - now, Clock::duration::zero());
      const double queued = std::chrono::duration<double>(waiting).count() * properties_.bytes_per_second;
      if (queued + static_cast<double>(bytes.size()) > static_cast<double>(queue_limit_)) return;
      sending = duration_cast<Clock::duration>(
          std::chrono::duration<double>(static_cast<double>(bytes.size()) / properties_.bytes_per_second));
    }
    free_at_ = std::max(free_at_, now) + sending;
    packets_.push_back({std::move(bytes), free_at_ + properties_.delay});
  }

  int from_;
  int to_;
  bool first_subnet_;
  Properties properties_;
  std::size_t queue_limit_ = 0;
  std::mt19937_64 random_;
  std::uniform_real_distribution<double> chance_{0, 1};
  Clock::time_point free_at_{};  // when the bottleneck has sent what is queued
  std::deque<Packet> packets_;
};

void relay(std::vector<Way>& ways) {
  std::vector<pollfd> entries;
  for (const Way& way : ways) entries.push_back({way.descriptor(), POLLIN, 0});
  entries.push_back({STDIN_FILENO, POLLIN, 0});
  for (;;) {
    const auto now = Clock::now();
    auto next = Clock::time_point::max();
    for (Way& way : ways) {
      way.take(now);
      next = std::min(next, way.give(now));
    }
    timespec wait{};
    if (next != Clock::time_point::max()) {
      const auto left = std::max(next - Clock::now(), Clock::duration::zero());
      wait.tv_sec = static_cast<time_t>(duration_cast<std::chrono::seconds>(left).count());
      wait.tv_nsec = static_cast<long>((left % std::chrono::seconds(1)).count());
    }
    ppoll(entries.data(), entries.size(), next == Clock::time_point::max() ? nullptr : &wait, nullptr);
    std::byte byte{};
    if ((entries.back().revents & (POLLIN | POLLHUP)) != 0 && read(STDIN_FILENO, &byte, 1) <= 0) return;
  }
}

Properties parse(int argc, char** argv) {
  Properties properties;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    const double value = i + 1 < argc ? std::stod(argv[i + 1]) : -1;
    if (name == "--delay" && value >= 0) {
      properties.delay = duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double, std::milli>(value));
    } else if (name == "--loss" && value >= 0) {
      properties.loss = value / 100;
    } else if (name == "--rate" && value >= 0) {
      properties.bytes_per_second = value * 1e6 / 8;
    } else if (name == "--seed" && value >= 0) {
      properties.seed = static_cast<std::uint64_t>(value);
    } else {
      throw std::runtime_error("usage: path_relay [--delay MS] [--loss PERCENT] [--rate MBIT/S] [--seed N]");
    }
  }
  return properties;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Properties properties = parse(argc, argv);
    signal(SIGUSR1, [](int) { cut = 1; });
    const End first = make_end(1);
    const End second = make_end(2);
    std::vector<Way> ways;
    for (std::size_t i = 0; i < kDevices; ++i) {
      ways.emplace_back(first.devices[i], second.devices[i], i == 0, properties, 2 * i);
      ways.emplace_back(second.devices[i], first.devices[i], i == 0, properties, 2 * i + 1);
    }
    std::printf("{\"namespaces\": [%d, %d]}\n", first.holder, second.holder);
    std::fflush(stdout);
    relay(ways);
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "path_relay: %s\n", problem.what());
    return 1;
  }
}
