// SCTP packets over UDP (RFC 6951 §5): one IPv4 and one IPv6 socket on the encapsulation port, batched both ways
// (recvmmsg with UDP_GRO, sendmmsg with UDP_SEGMENT). Knows no SCTP; which process a packet is for is the engine's
// business.
//
// Path MTU: as with raw IP (raw.hpp): DF is set unless the stack says otherwise, and what comes back by ICMP is told.
// Checksums: the kernel computes the UDP checksum of every packet, and drops IPv6 packets without (RFC 6951 §5.3).
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/buffer_pool.hpp"
#include "base/datagram.hpp"
#include "base/result.hpp"
#include "link/descriptor.hpp"
#include "link/error_queue.hpp"
#include "link/link.hpp"

namespace netsctp::link {

struct UdpConfig {
  std::uint16_t port = 9899;  // RFC 6951 §5.1; 0: any free one, see UdpLink::port()
  bool gso = true;            // send runs of packets with UDP_SEGMENT if the kernel can
  bool gro = true;            // receive runs of packets with UDP_GRO if the kernel can
  bool batches = true;        // several packets, or runs, a system call; off: one
};

struct UdpCounters {
  std::uint64_t send_full = 0;         // packets dropped because the kernel had no room
  std::uint64_t send_refused = 0;      // packets the kernel would not send: no route, not our address, too long, ...
  std::uint64_t gso_refused = 0;       // runs that went out as single packets after all
  std::uint64_t receive_discards = 0;  // received, but truncated or without an address or with source port 0
};

class UdpLink final : public Link {
 public:
  // Binds 0.0.0.0 and, where the host has IPv6, [::] with SO_REUSEPORT: all processes of one user share the port.
  // EADDRINUSE: a process of another user or one that does not share it has it. Otherwise socket(2)'s and bind(2)'s
  // errors.
  [[nodiscard]] static Result<std::unique_ptr<UdpLink>> open(const UdpConfig& config);
  // The pool given to receive() must still be alive.
  ~UdpLink() override;
  UdpLink(const UdpLink&) = delete;
  UdpLink& operator=(const UdpLink&) = delete;

  std::size_t receive(BufferPool& pool, std::vector<Datagram>& out, std::size_t limit,
                      std::uint32_t ready) noexcept override;
  void send(std::span<const Transmit> runs) noexcept override;
  [[nodiscard]] std::span<const IcmpError> take_errors() noexcept override { return errors_.take(); }
  [[nodiscard]] std::vector<int> descriptors() const override;
  [[nodiscard]] std::size_t overhead() const noexcept override { return 8; }
  [[nodiscard]] std::string description() const override;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] const UdpCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] const ErrorCounters& errors() const noexcept { return errors_.counters(); }

 private:
  struct Socket {
    Descriptor descriptor;
    std::size_t receive_slots = 2;  // how many buffers the next recvmmsg offers: follows the traffic
  };
  struct ReceiveSlots;
  struct SendSlots;

  UdpLink();
  void receive_from(Socket& socket, BufferPool& pool, std::vector<Datagram>& out, std::size_t limit) noexcept;
  void accept(std::size_t slot, std::size_t length, BufferPool& pool, std::vector<Datagram>& out) noexcept;
  void queue(const Transmit& run, std::span<const std::byte> bytes) noexcept;
  void flush() noexcept;
  void send_split(std::size_t slot) noexcept;
  void send_one(const msghdr& header, const Address& to) noexcept;
  [[nodiscard]] bool wait_for_room() noexcept;

  std::uint16_t port_ = 0;
  bool gso_ = false;
  bool gro_ = false;
  std::size_t most_slots_ = 0;  // of a system call
  Socket v4_;
  Socket v6_;
  bool v6_first_ = false;  // alternates, so that neither socket starves the other
  std::unique_ptr<ReceiveSlots> received_;
  std::unique_ptr<SendSlots> queued_;
  ErrorQueue errors_;
  UdpCounters counters_;
};

}  // namespace netsctp::link
