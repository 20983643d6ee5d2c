// The load program over netsctp, through its public C++ API.
#include <sys/epoll.h>
#include <unistd.h>

#include <cstdlib>
#include <net/sctp.hpp>
#include <utility>

#include "load.hpp"

namespace {

using namespace net;
using namespace load;

sctp::SocketSettings socket_settings(const Settings& settings) {
  sctp::SocketSettings result;
  result.local_host = settings.local;
  result.no_delay = settings.small_delay;
  if (settings.quick_timers) {
    using namespace std::chrono_literals;
    result.rto = sctp::Rto{.initial = 200ms, .min = 100ms, .max = 400ms};
  }
  if (settings.peer_udp_port != 0 && sctp::backend_info().link == "udp")
    result.remote_udp_port = settings.peer_udp_port;
  return result;
}

// Before there is an association: they take it over.
void tune(sctp::Socket& socket, const Settings& settings) {
  if (settings.buffer != 0) {
    socket.set(sctp::SendBuffer{settings.buffer});
    socket.set(sctp::ReceiveBuffer{settings.buffer});
  }
  sctp::PathParameters path;
  path.path_mtu = settings.mtu;
  path.path_mtu_discovery = false;
  if (settings.quick_timers) path.max_retransmissions = 1;
  socket.set(path);
}

bool would_block(const std::error_code& error) {
  return error == std::errc::resource_unavailable_try_again || error == std::errc::operation_would_block;
}

class Association final : public Connection {
 public:
  explicit Association(sctp::Socket socket) : socket_(std::move(socket)) {}
  void send(std::span<const std::byte> message) override { socket_.send(message); }
  Piece receive(std::span<std::byte> buffer) override {
    const auto piece = socket_.receive_some(buffer);
    return piece ? Piece{piece->size, piece->end_of_message, false} : Piece{.end = true};
  }
  void finish() override {
    socket_.shutdown();
    while (socket_.receive()) {
    }
  }
  void react(std::span<std::byte> buffer, const std::function<bool(std::span<std::byte>)>& handler) override {
    socket_.set_nonblocking(true);
    const auto receive_now = [this](std::span<std::byte> into) {
      std::error_code error;
      const auto piece = socket_.receive_some(into, error);
      if (would_block(error)) return Piece{};
      return piece ? Piece{piece->size, piece->end_of_message, false} : Piece{.end = true};
    };
    react_by_epoll(socket_.descriptor(), buffer, receive_now, handler);
    socket_.set_nonblocking(false);
  }

 private:
  sctp::Socket socket_;
};

class Server final : public Listener {
 public:
  explicit Server(const Settings& settings) {
    sctp::SocketSettings wanted = socket_settings(settings);
    wanted.listen = true;
    wanted.backlog = 4096;
    socket_ = sctp::Socket(wanted);
    tune(socket_, settings);
    socket_.start_server();
  }
  [[nodiscard]] std::uint16_t port() const override { return socket_.local_name().port(); }
  std::unique_ptr<Connection> accept() override { return std::make_unique<Association>(socket_.accept()); }

 private:
  sctp::Socket socket_;
};

// One-to-many sockets: every socket of the client has an association with every socket of the server.
class Sockets final : public Crowd {
 public:
  explicit Sockets(const Settings& settings) : settings_(settings) {
    raise_descriptor_limit();
    if (!settings.server) return;
    poll_ = epoll_create1(EPOLL_CLOEXEC);
    for (std::size_t i = 0; i < settings.server_sockets; ++i) {
      add(true).start_server();
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      if (epoll_ctl(poll_, EPOLL_CTL_ADD, sockets_[i].descriptor(), &event) != 0) fail("epoll_ctl");
    }
  }
  ~Sockets() override {
    if (poll_ >= 0) close(poll_);
  }

  void grow(std::size_t count) override {
    while (associations_.size() < count) {
      const std::size_t next = associations_.size() % settings_.ports.size();
      if (next == 0) add(false);
      const sctp::Address peer(settings_.peer.front(), settings_.ports[next]);
      associations_.push_back({sockets_.size() - 1, sockets_.back().connectx({&peer, 1})});
    }
  }
  void send(std::size_t which, std::span<const std::byte> message) override {
    const auto& [socket, association] = associations_[which];
    sockets_[socket].send(message, {.association = association});
  }
  [[nodiscard]] std::vector<std::uint16_t> ports() const override {
    std::vector<std::uint16_t> result;
    for (const sctp::Socket& socket : sockets_) result.push_back(socket.local_name().port());
    return result;
  }
  void receive(std::span<std::byte> buffer, const std::function<void(Piece)>& handler) override {
    std::array<epoll_event, 64> events{};
    const int count = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 1000);
    for (int i = 0; i < count; ++i) {
      sctp::Socket& socket = sockets_[events[static_cast<std::size_t>(i)].data.u64];
      for (int turn = 0; turn < 256; ++turn) {  // the others want their turn too
        std::error_code error;
        const auto piece = socket.receive_some(buffer, error);
        if (!piece) break;
        handler({piece->size, piece->end_of_message, false});
      }
    }
  }

 private:
  struct Member {
    std::size_t socket;
    sctp::AssociationId association;
  };

  sctp::Socket& add(bool listen) {
    sctp::SocketSettings wanted = socket_settings(settings_);
    wanted.one_to_many = true;
    wanted.listen = listen;
    wanted.nonblocking = listen;
    sockets_.emplace_back(wanted);
    tune(sockets_.back(), settings_);
    return sockets_.back();
  }

  Settings settings_;
  int poll_ = -1;
  std::vector<sctp::Socket> sockets_;
  std::vector<Member> associations_;
};

class Netsctp final : public Transport {
 public:
  std::unique_ptr<Listener> listen(const Settings& settings) override { return std::make_unique<Server>(settings); }
  std::unique_ptr<Connection> connect(const Settings& settings) override {
    sctp::SocketSettings wanted = socket_settings(settings);
    wanted.peer_host = settings.peer;
    wanted.peer_port = settings.ports.at(0);
    if (settings.local.size() == 1) wanted.local_host = {};  // nothing but loopback leads there
    sctp::Socket socket(wanted);
    tune(socket, settings);
    socket.start_client();
    return std::make_unique<Association>(std::move(socket));
  }
  std::unique_ptr<Crowd> crowd(const Settings& settings) override { return std::make_unique<Sockets>(settings); }
};

}  // namespace

int main(int argc, char** argv) {
  return run(argc, argv, [](const Settings& settings) {
    if (settings.udp_port != 0) setenv("NETSCTP_UDP_PORT", std::to_string(settings.udp_port).c_str(), 1);
    return std::make_unique<Netsctp>();
  });
}
