// The load program over usrsctp, in UDP, tuned as docs/performance.md says.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <usrsctp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include "load.hpp"

namespace {

using namespace load;

constexpr int kUdpBuffer = 4 << 20;

sockaddr_in address_of(const std::string& ip, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1) throw std::invalid_argument("no IPv4 address: " + ip);
  return address;
}

std::vector<sockaddr_in> addresses_of(const std::vector<std::string>& ips, std::uint16_t port) {
  std::vector<sockaddr_in> result;
  for (const std::string& ip : ips) result.push_back(address_of(ip, port));
  return result;
}

sockaddr* generic(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

template <typename Value>
void set(struct socket* socket, int level, int option, const Value& value, const char* name) {
  if (usrsctp_setsockopt(socket, level, option, &value, sizeof value) != 0) fail(name);
}

// The MTU of the paths to come, or with an association of its path.
void set_mtu(struct socket* socket, std::uint32_t mtu, bool quick, const sockaddr_in* peer = nullptr) {
  sctp_paddrparams path{};
  path.spp_address.ss_family = AF_INET;
  if (peer != nullptr) std::memcpy(&path.spp_address, peer, sizeof *peer);
  path.spp_flags = SPP_PMTUD_DISABLE;
  path.spp_pathmtu = mtu - 20 - 8 - 12;  // without the headers of IP, UDP and SCTP
  if (quick) path.spp_pathmaxrxt = 1;
  set(socket, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, path, "SCTP_PEER_ADDR_PARAMS");
}

struct socket* open_socket(const Settings& settings, int type) {
  struct socket* const socket = usrsctp_socket(AF_INET, type, IPPROTO_SCTP, nullptr, nullptr, 0, nullptr);
  if (socket == nullptr) fail("usrsctp_socket");
  if (settings.buffer != 0) {
    const int size = static_cast<int>(settings.buffer);
    set(socket, SOL_SOCKET, SO_SNDBUF, size, "SO_SNDBUF");
    set(socket, SOL_SOCKET, SO_RCVBUF, size, "SO_RCVBUF");
  }
  sctp_udpencaps encapsulation{};
  encapsulation.sue_address.ss_family = AF_INET;
  encapsulation.sue_port = htons(settings.peer_udp_port);
  set(socket, IPPROTO_SCTP, SCTP_REMOTE_UDP_ENCAPS_PORT, encapsulation, "SCTP_REMOTE_UDP_ENCAPS_PORT");
  if (settings.small_delay) set(socket, IPPROTO_SCTP, SCTP_NODELAY, 1, "SCTP_NODELAY");
  if (settings.quick_timers) {
    sctp_rtoinfo times{};
    times.srto_initial = 200;
    times.srto_min = 100;
    times.srto_max = 400;
    set(socket, IPPROTO_SCTP, SCTP_RTOINFO, times, "SCTP_RTOINFO");
  }
  set_mtu(socket, settings.mtu, settings.quick_timers);
  return socket;
}

void bind(struct socket* socket, const std::vector<std::string>& local) {
  std::vector<sockaddr_in> addresses = addresses_of(local, 0);
  if (usrsctp_bindx(socket, generic(addresses.front()), static_cast<int>(addresses.size()), SCTP_BINDX_ADD_ADDR) != 0) {
    fail("bind");
  }
}

std::uint16_t port_of(struct socket* socket) {
  sockaddr* list = nullptr;
  if (usrsctp_getladdrs(socket, 0, &list) <= 0) fail("usrsctp_getladdrs");
  const std::uint16_t port = ntohs(reinterpret_cast<sockaddr_in*>(list)->sin_port);
  usrsctp_freeladdrs(list);
  return port;
}

void send_to(struct socket* socket, std::span<const std::byte> message, sctp_assoc_t association) {
  sctp_sndinfo info{};
  info.snd_assoc_id = association;
  const ssize_t sent =
      usrsctp_sendv(socket, message.data(), message.size(), nullptr, 0, &info, sizeof info, SCTP_SENDV_SNDINFO, 0);
  if (sent != static_cast<ssize_t>(message.size())) fail("usrsctp_sendv");
}

// Nothing at all: not now.
Piece receive_from(struct socket* socket, std::span<std::byte> buffer) {
  sockaddr_storage from{};
  socklen_t from_size = sizeof from;
  sctp_rcvinfo info{};
  socklen_t info_size = sizeof info;
  unsigned type = SCTP_RECVV_NOINFO;
  int flags = 0;
  const ssize_t got = usrsctp_recvv(socket, buffer.data(), buffer.size(), reinterpret_cast<sockaddr*>(&from),
                                    &from_size, &info, &info_size, &type, &flags);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
  if (got <= 0) return {.end = true};
  return {static_cast<std::size_t>(got), (flags & MSG_EOR) != 0 ? std::size_t{1} : 0, false};
}

class Association final : public Connection {
 public:
  explicit Association(struct socket* socket) : socket_(socket) {}
  ~Association() override { usrsctp_close(socket_); }
  void send(std::span<const std::byte> message) override { send_to(socket_, message, 0); }
  Piece receive(std::span<std::byte> buffer) override { return receive_from(socket_, buffer); }
  void finish() override {
    if (usrsctp_shutdown(socket_, SHUT_WR) != 0) fail("usrsctp_shutdown");
    std::array<std::byte, 1024> rest;
    while (!receive(rest).end) {
    }
  }
  // By usrsctp's upcall, in its receiving thread.
  void react(std::span<std::byte> buffer, const std::function<bool(std::span<std::byte>)>& handler) override {
    Reaction reaction{*this, buffer, handler, {}, {}, false};
    usrsctp_set_non_blocking(socket_, 1);
    usrsctp_set_upcall(
        socket_, [](struct socket*, void* at, int) { static_cast<Reaction*>(at)->happen(); }, &reaction);
    reaction.happen();  // what came before the upcall was there
    std::unique_lock lock(reaction.mutex);
    reaction.over.wait(lock, [&] { return reaction.done; });
    lock.unlock();
    usrsctp_set_upcall(socket_, nullptr, nullptr);
    usrsctp_set_non_blocking(socket_, 0);
  }

 private:
  struct Reaction {
    Association& association;
    std::span<std::byte> buffer;
    const std::function<bool(std::span<std::byte>)>& handler;
    std::mutex mutex;
    std::condition_variable over;
    bool done;

    void happen() {
      const std::scoped_lock lock(mutex);
      while (!done) {
        const Piece piece = association.receive(buffer);
        if (piece.bytes == 0 && !piece.end) return;
        done = piece.end || !handler(buffer.first(piece.bytes));
      }
      over.notify_one();
    }
  };

  struct socket* socket_;
};

class Server final : public Listener {
 public:
  explicit Server(const Settings& settings) : socket_(open_socket(settings, SOCK_STREAM)) {
    bind(socket_, settings.local);
    if (usrsctp_listen(socket_, 4096) != 0) fail("usrsctp_listen");
  }
  ~Server() override { usrsctp_close(socket_); }
  [[nodiscard]] std::uint16_t port() const override { return port_of(socket_); }
  std::unique_ptr<Connection> accept() override {
    struct socket* const accepted = usrsctp_accept(socket_, nullptr, nullptr);
    if (accepted == nullptr) fail("usrsctp_accept");
    return std::make_unique<Association>(accepted);
  }

 private:
  struct socket* socket_;
};

// One-to-many sockets: every socket of the client has an association with every socket of the server.
class Sockets final : public Crowd {
 public:
  explicit Sockets(const Settings& settings) : settings_(settings) {
    if (!settings.server) return;
    for (std::size_t i = 0; i < settings.server_sockets; ++i) {
      sockets_.push_back(open_socket(settings, SOCK_SEQPACKET));
      bind(sockets_.back(), settings.local);
      if (usrsctp_listen(sockets_.back(), 1) != 0) fail("usrsctp_listen");
    }
  }

  void grow(std::size_t count) override {
    while (associations_.size() < count) {
      const std::size_t next = associations_.size() % settings_.ports.size();
      if (next == 0) sockets_.push_back(open_socket(settings_, SOCK_SEQPACKET));
      sockaddr_in peer = address_of(settings_.peer.front(), settings_.ports[next]);
      if (usrsctp_connect(sockets_.back(), generic(peer), sizeof peer) != 0) fail("usrsctp_connect");
      associations_.push_back({sockets_.back(), usrsctp_getassocid(sockets_.back(), generic(peer))});
      wait_until_up(associations_.back());
    }
  }
  void send(std::size_t which, std::span<const std::byte> message) override {
    send_to(associations_[which].socket, message, associations_[which].association);
  }
  [[nodiscard]] std::vector<std::uint16_t> ports() const override {
    std::vector<std::uint16_t> result;
    for (struct socket* const socket : sockets_) result.push_back(port_of(socket));
    return result;
  }
  // Of several sockets none is received from: they are for associations that are idle.
  void receive(std::span<std::byte> buffer, const std::function<void(Piece)>& handler) override {
    if (sockets_.size() > 1) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
      return;
    }
    handler(receive_from(sockets_.front(), buffer));
  }

 private:
  struct Member {
    struct socket* socket;
    sctp_assoc_t association;
  };

  // connect() on a one-to-many socket does not wait.
  static void wait_until_up(const Member& member) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
      sctp_status status{};
      status.sstat_assoc_id = member.association;
      socklen_t size = sizeof status;
      if (usrsctp_getsockopt(member.socket, IPPROTO_SCTP, SCTP_STATUS, &status, &size) != 0) fail("SCTP_STATUS");
      if (status.sstat_state == SCTP_ESTABLISHED) return;
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("an association does not come up");
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }

  Settings settings_;
  std::vector<struct socket*> sockets_;
  std::vector<Member> associations_;
};

class Usrsctp final : public Transport {
 public:
  explicit Usrsctp(const Settings& settings) {
    usrsctp_init(settings.udp_port, nullptr, nullptr);
    enlarge_udp_buffers();
    usrsctp_sysctl_set_sctp_ecn_enable(0);
    usrsctp_sysctl_set_sctp_asconf_enable(0);
    usrsctp_sysctl_set_sctp_auth_enable(0);
    usrsctp_sysctl_set_sctp_no_csum_on_loopback(0);  // a checksum is not for the loopback to save
    usrsctp_sysctl_set_sctp_max_burst_default(0);
    usrsctp_sysctl_set_sctp_fr_max_burst_default(0);
    usrsctp_sysctl_set_sctp_max_chunks_on_queue(1 << 20);
  }
  std::unique_ptr<Listener> listen(const Settings& settings) override { return std::make_unique<Server>(settings); }
  std::unique_ptr<Connection> connect(const Settings& settings) override {
    struct socket* const socket = open_socket(settings, SOCK_STREAM);
    if (settings.local.size() > 1) bind(socket, settings.local);
    std::vector<sockaddr_in> peers = addresses_of(settings.peer, settings.ports.at(0));
    // connect() waits; connectx() does not, and one address will do: the handshake tells the others.
    if (usrsctp_connect(socket, generic(peers.front()), sizeof peers.front()) != 0) fail("usrsctp_connect");
    set_mtu(socket, settings.mtu, settings.quick_timers, &peers.front());
    return std::make_unique<Association>(socket);
  }
  std::unique_ptr<Crowd> crowd(const Settings& settings) override { return std::make_unique<Sockets>(settings); }

 private:
  // It does not tell its sockets, but they are the only ones of this process.
  static void enlarge_udp_buffers() {
    for (int descriptor = 3; descriptor < 64; ++descriptor) {
      int type = 0;
      socklen_t size = sizeof type;
      if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_DGRAM) continue;
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &kUdpBuffer, sizeof kUdpBuffer);
      setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &kUdpBuffer, sizeof kUdpBuffer);
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  const int status = run(argc, argv, [](const Settings& settings) { return std::make_unique<Usrsctp>(settings); });
  std::fflush(nullptr);
  std::_Exit(status);  // its threads run on
}
