// What the load programs have in common: one process of a pair does its part of a work over one transport, and tells by
// lines of JSON. bench/compare starts the pairs and knows what the figures are for.
//
//   <program> server|client WORK [options]
//
// The work (works.cpp) is written once and sees a transport through the classes here, so that every transport does the
// same: one message a call. Errors are exceptions, which end the process with their text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace load {

struct Settings {
  bool server = false;
  std::string work;  // see works.cpp
  // The transport.
  std::string protocol;        // of sockets_load: tcp, udp, sctp
  std::string congestion;      // of TCP; empty: the kernel's choice
  bool offload = true;         // of UDP: UDP_SEGMENT and UDP_GRO
  std::uint32_t mtu = 1500;    // of the path, bytes
  std::size_t buffer = 0;      // SO_SNDBUF and SO_RCVBUF; 0: the transport's own choice
  std::uint16_t udp_port = 0;  // of the encapsulation here
  std::uint16_t peer_udp_port = 0;
  std::vector<std::string> local{"127.0.0.1"};  // addresses
  std::vector<std::string> peer{"127.0.0.1"};
  std::vector<std::uint16_t> ports;  // the server's, for the client
  // The work.
  std::size_t size = 64;  // of a message, bytes
  double seconds = 1;
  double window = 0;  // of the server: it counts so many seconds from the first message on; 0: all
  std::size_t threads = 1;
  std::size_t associations = 1;
  std::size_t server_sockets = 1;
  bool events = false;        // wait for readiness (epoll; usrsctp: its upcall) instead of in a receive
  bool small_delay = false;   // set by the work: small messages must not wait to fill a packet
  bool quick_timers = false;  // set by the work: RTO 100 to 400 ms, a path is given up after its second timeout
};

struct Piece {
  std::size_t bytes = 0;
  std::size_t messages = 0;  // that ended with it
  bool end = false;          // nothing more will come
};

// One association, or what takes its place.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;  // closes it
  virtual void send(std::span<const std::byte> message) = 0;
  virtual Piece receive(std::span<std::byte> buffer) = 0;
  virtual void finish() = 0;  // nothing more is sent; what was sent arrives
  // Hands every message to `handler` as events tell of it, until it answers false or no more will come.
  virtual void react(std::span<std::byte> buffer, const std::function<bool(std::span<std::byte>)>& handler) = 0;
};

// Any number of associations, on few sockets where the transport can.
class Crowd {
 public:
  Crowd() = default;
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  virtual ~Crowd() = default;
  // The client's: sets up associations until there are `count`.
  virtual void grow(std::size_t count) = 0;
  virtual void send(std::size_t which, std::span<const std::byte> message) = 0;
  // The server's.
  [[nodiscard]] virtual std::vector<std::uint16_t> ports() const = 0;
  // Waits until something comes on any of them, at most a second, and takes all of it in.
  virtual void receive(std::span<std::byte> buffer, const std::function<void(Piece)>& handler) = 0;
};

class Listener {
 public:
  Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  virtual ~Listener() = default;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  // Several threads may wait in it.
  virtual std::unique_ptr<Connection> accept() = 0;
};

class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;
  virtual std::unique_ptr<Listener> listen(const Settings& settings) = 0;
  virtual std::unique_ptr<Connection> connect(const Settings& settings) = 0;
  virtual std::unique_ptr<Crowd> crowd(const Settings& settings) = 0;
};

// What main() calls; the exit status. `open` makes the transport once the settings are known.
int run(int argc, char** argv, const std::function<std::unique_ptr<Transport>(const Settings&)>& open);

// Throws the errno of the call that has just failed.
[[noreturn]] void fail(const std::string& what);

// As many descriptors as this process may have.
void raise_descriptor_limit();

// Connection::react() for a descriptor: epoll, and `receive_now` until it gives nothing (no bytes and no end).
void react_by_epoll(int descriptor, std::span<std::byte> buffer,
                    const std::function<Piece(std::span<std::byte>)>& receive_now,
                    const std::function<bool(std::span<std::byte>)>& handler);

}  // namespace load
