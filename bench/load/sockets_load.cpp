// The load program over the kernel's own transports: TCP, SCTP, and UDP without any reliability.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "load.hpp"

namespace {

using namespace load;

constexpr std::uint32_t kIpHeader = 20;
constexpr std::uint32_t kTcpHeader = 32;  // with the option of timestamps
constexpr std::uint32_t kUdpHeader = 8;

struct Descriptor {
  int number = -1;
  explicit Descriptor(int from) : number(from) {
    if (number < 0) fail("socket");
  }
  Descriptor(Descriptor&& other) noexcept : number(std::exchange(other.number, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

sockaddr_in address_of(const std::string& ip, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1) throw std::invalid_argument("no IPv4 address: " + ip);
  return address;
}

void set(const Descriptor& socket, int level, int option, int value, const char* name) {
  if (setsockopt(socket.number, level, option, &value, sizeof value) != 0) fail(name);
}

void bind_to(const Descriptor& socket, const sockaddr_in& address) {
  if (::bind(socket.number, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind");
}

void connect_to(const Descriptor& socket, const sockaddr_in& address) {
  if (::connect(socket.number, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
}

std::uint16_t port_of(const Descriptor& socket) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  if (getsockname(socket.number, reinterpret_cast<sockaddr*>(&name), &size) != 0) fail("getsockname");
  return ntohs(name.sin_port);
}

void set_buffers(const Descriptor& socket, const Settings& settings) {
  if (settings.buffer == 0) return;
  set(socket, SOL_SOCKET, SO_SNDBUF, static_cast<int>(settings.buffer), "SO_SNDBUF");
  set(socket, SOL_SOCKET, SO_RCVBUF, static_cast<int>(settings.buffer), "SO_RCVBUF");
}

// --- TCP and SCTP: connections --------------------------------------------------------------------------------------

Descriptor stream_socket(const Settings& settings) {
  const bool sctp = settings.protocol == "sctp";
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, sctp ? IPPROTO_SCTP : IPPROTO_TCP));
  set_buffers(socket, settings);
  if (sctp) {
    constexpr int kSctpNoDelay = 3;  // SCTP_NODELAY of <linux/sctp.h>
    if (settings.small_delay) set(socket, IPPROTO_SCTP, kSctpNoDelay, 1, "SCTP_NODELAY");
    return socket;
  }
  if (settings.small_delay) set(socket, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
  if (settings.mtu < 65535) {
    set(socket, IPPROTO_TCP, TCP_MAXSEG, static_cast<int>(settings.mtu - kIpHeader - 20), "TCP_MAXSEG");
  }
  const std::string& wanted = settings.congestion;
  if (!wanted.empty() && setsockopt(socket.number, IPPROTO_TCP, TCP_CONGESTION, wanted.data(),
                                    static_cast<socklen_t>(wanted.size())) != 0) {
    fail("TCP_CONGESTION " + wanted);
  }
  return socket;
}

// A message of TCP is as many bytes as the size says.
class Stream final : public Connection {
 public:
  Stream(Descriptor socket, const Settings& settings)
      : socket_(std::move(socket)), sctp_(settings.protocol == "sctp"), size_(settings.size) {}
  void send(std::span<const std::byte> message) override {
    while (!message.empty()) {
      const ssize_t sent = ::send(socket_.number, message.data(), message.size(), 0);
      if (sent < 0) fail("send");
      message = message.subspan(static_cast<std::size_t>(sent));
    }
  }
  Piece receive(std::span<std::byte> buffer) override { return take(buffer, 0); }
  Piece take(std::span<std::byte> buffer, int flags) {
    iovec vector{buffer.data(), buffer.size()};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    const ssize_t got = ::recvmsg(socket_.number, &header, flags);
    if (got < 0 && errno == EAGAIN) return {};
    // SCTP: an association that has ended is none.
    if (got < 0 && errno != ECONNRESET && errno != ENOTCONN) fail("recv");
    if (got <= 0) return {.end = true};
    const std::size_t bytes = static_cast<std::size_t>(got);
    if (sctp_) return {bytes, (header.msg_flags & MSG_EOR) != 0 ? std::size_t{1} : 0, false};
    const std::size_t all = unfinished_ + bytes;
    unfinished_ = all % size_;
    return {bytes, all / size_, false};
  }
  void finish() override {
    if (shutdown(socket_.number, SHUT_WR) != 0) fail("shutdown");
    std::array<std::byte, 1024> rest;
    while (!receive(rest).end) {
    }
  }
  void react(std::span<std::byte> buffer, const std::function<bool(std::span<std::byte>)>& handler) override {
    react_by_epoll(
        socket_.number, buffer, [this](std::span<std::byte> into) { return take(into, MSG_DONTWAIT); }, handler);
  }
  [[nodiscard]] int descriptor() const { return socket_.number; }

 private:
  Descriptor socket_;
  bool sctp_;
  std::size_t size_;
  std::size_t unfinished_ = 0;
};

class StreamServer final : public Listener {
 public:
  explicit StreamServer(const Settings& settings) : settings_(settings), socket_(stream_socket(settings)) {
    // setups: at every address of the loopback interface, for the sake of ports that are in TIME-WAIT
    bind_to(socket_, address_of(settings.work == "setups" ? "0.0.0.0" : settings.local.front(), 0));
    if (::listen(socket_.number, 4096) != 0) fail("listen");
  }
  [[nodiscard]] std::uint16_t port() const override { return port_of(socket_); }
  std::unique_ptr<Connection> accept() override {
    return std::make_unique<Stream>(Descriptor(::accept4(socket_.number, nullptr, nullptr, SOCK_CLOEXEC)), settings_);
  }
  [[nodiscard]] int descriptor() const { return socket_.number; }

 private:
  Settings settings_;
  Descriptor socket_;
};

std::unique_ptr<Stream> open_stream(const Settings& settings, const std::string& peer) {
  Descriptor socket = stream_socket(settings);
  connect_to(socket, address_of(peer, settings.ports.at(0)));
  return std::make_unique<Stream>(std::move(socket), settings);
}

class Streams final : public Crowd {
 public:
  explicit Streams(const Settings& settings) : settings_(settings) {
    raise_descriptor_limit();
    if (!settings.server) return;
    listener_ = std::make_unique<StreamServer>(settings);
    poll_ = epoll_create1(EPOLL_CLOEXEC);
    watch(listener_->descriptor(), kListener);
  }
  ~Streams() override {
    if (poll_ >= 0) close(poll_);
  }
  void grow(std::size_t count) override {
    while (streams_.size() < count) streams_.push_back(open_stream(settings_, settings_.peer.front()));
  }
  void send(std::size_t which, std::span<const std::byte> message) override { streams_[which]->send(message); }
  [[nodiscard]] std::vector<std::uint16_t> ports() const override { return {listener_->port()}; }
  void receive(std::span<std::byte> buffer, const std::function<void(Piece)>& handler) override {
    std::array<epoll_event, 64> events{};
    const int count = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 1000);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t which = events[static_cast<std::size_t>(i)].data.u64;
      if (which == kListener) {
        streams_.push_back(std::make_unique<Stream>(
            Descriptor(::accept4(listener_->descriptor(), nullptr, nullptr, SOCK_CLOEXEC)), settings_));
        watch(streams_.back()->descriptor(), streams_.size() - 1);
      } else {
        handler(streams_[which]->take(buffer, MSG_DONTWAIT));
      }
    }
  }

 private:
  static constexpr std::uint64_t kListener = ~std::uint64_t{0};

  void watch(int descriptor, std::uint64_t which) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = which;
    if (epoll_ctl(poll_, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
  }

  Settings settings_;
  int poll_ = -1;
  std::unique_ptr<StreamServer> listener_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

class Tcp final : public Transport {
 public:
  std::unique_ptr<Listener> listen(const Settings& settings) override {
    return std::make_unique<StreamServer>(settings);
  }
  std::unique_ptr<Connection> connect(const Settings& settings) override {
    if (settings.work != "setups" || settings.peer.front() != "127.0.0.1")
      return open_stream(settings, settings.peer.front());
    return open_stream(settings, "127.0.0." + std::to_string(1 + next_++ % 250));
  }
  std::unique_ptr<Crowd> crowd(const Settings& settings) override { return std::make_unique<Streams>(settings); }

 private:
  std::atomic<unsigned> next_ = 0;
};

// --- UDP: what arrives counts ---------------------------------------------------------------------------------------

// Messages are cut into datagrams that fit the path. With offload a run of datagrams goes in one call.
class Datagrams final : public Connection {
 public:
  Datagrams(Descriptor socket, const Settings& settings)
      : socket_(std::move(socket)),
        message_(settings.size),
        segment_(std::min<std::size_t>(settings.size, settings.mtu - kIpHeader - kUdpHeader)),
        in_runs_(settings.offload && settings.work == "throughput"),
        run_size_(in_runs_ ? std::max<std::size_t>(std::min<std::size_t>(kSegments, kLargest / segment_), 1) * segment_
                           : segment_) {
    if (!in_runs_) return;
    set(socket_, IPPROTO_UDP, UDP_SEGMENT, static_cast<int>(segment_), "UDP_SEGMENT");
    set(socket_, IPPROTO_UDP, UDP_GRO, 1, "UDP_GRO");
    run_.reserve(run_size_);
  }
  void send(std::span<const std::byte> message) override {
    while (!message.empty()) {
      const std::size_t part = std::min(message.size(), in_runs_ ? run_size_ - run_.size() : segment_);
      if (in_runs_) {
        run_.insert(run_.end(), message.begin(), message.begin() + static_cast<std::ptrdiff_t>(part));
        if (run_.size() == run_size_) flush();
      } else {
        put(message.first(part));
      }
      message = message.subspan(part);
    }
  }
  Piece receive(std::span<std::byte> buffer) override { return take(buffer, 0); }
  // One byte is the end: nothing else is that small.
  void finish() override {
    flush();
    for (int i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      const std::byte last{};
      put({&last, 1});
    }
  }
  void react(std::span<std::byte> buffer, const std::function<bool(std::span<std::byte>)>& handler) override {
    react_by_epoll(
        socket_.number, buffer, [this](std::span<std::byte> into) { return take(into, MSG_DONTWAIT); }, handler);
  }

 private:
  static constexpr std::size_t kSegments = 64;     // the kernel's UDP_MAX_SEGMENTS, before 6.9
  static constexpr std::size_t kLargest = 65'000;  // of a run

  void put(std::span<const std::byte> bytes) {
    if (::send(socket_.number, bytes.data(), bytes.size(), 0) < 0 && errno != ECONNREFUSED) fail("send");
  }
  void flush() {
    if (!run_.empty()) put(run_);
    run_.clear();
  }
  Piece take(std::span<std::byte> buffer, int flags) {
    const ssize_t got = ::recv(socket_.number, buffer.data(), buffer.size(), flags);
    if (got < 0 && errno == EAGAIN) return {};
    if (got < 0 && errno != ECONNREFUSED) fail("recv");
    if (got <= 1) return {.end = true};
    const std::size_t bytes = static_cast<std::size_t>(got);
    const std::size_t all = unfinished_ + bytes;
    unfinished_ = all % message_;
    return {bytes, all / message_, false};
  }

  Descriptor socket_;
  std::size_t message_;
  std::size_t segment_;
  bool in_runs_;
  std::size_t run_size_;
  std::vector<std::byte> run_;
  std::size_t unfinished_ = 0;
};

Descriptor datagram_socket(const Settings& settings) {
  Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  set_buffers(socket, settings);
  return socket;
}

// The first who sends is the one.
class DatagramServer final : public Listener {
 public:
  explicit DatagramServer(const Settings& settings) : settings_(settings), socket_(datagram_socket(settings)) {
    bind_to(socket_, address_of(settings.local.front(), 0));
  }
  [[nodiscard]] std::uint16_t port() const override { return port_of(socket_); }
  std::unique_ptr<Connection> accept() override {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    std::byte byte{};
    if (recvfrom(socket_.number, &byte, 1, MSG_PEEK, reinterpret_cast<sockaddr*>(&from), &size) < 0) fail("recvfrom");
    ::connect(socket_.number, reinterpret_cast<sockaddr*>(&from), size);
    return std::make_unique<Datagrams>(std::move(socket_), settings_);
  }

 private:
  Settings settings_;
  Descriptor socket_;
};

class Udp final : public Transport {
 public:
  std::unique_ptr<Listener> listen(const Settings& settings) override {
    return std::make_unique<DatagramServer>(settings);
  }
  std::unique_ptr<Connection> connect(const Settings& settings) override {
    Descriptor socket = datagram_socket(settings);
    connect_to(socket, address_of(settings.peer.front(), settings.ports.at(0)));
    return std::make_unique<Datagrams>(std::move(socket), settings);
  }
  std::unique_ptr<Crowd> crowd(const Settings&) override { throw std::invalid_argument("UDP has no associations"); }
};

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv, [](const Settings& settings) -> std::unique_ptr<Transport> {
    if (settings.protocol == "udp") return std::make_unique<Udp>();
    if (settings.protocol == "tcp" || settings.protocol == "sctp") return std::make_unique<Tcp>();
    throw std::invalid_argument("--protocol tcp, udp or sctp");
  });
}
