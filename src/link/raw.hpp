// SCTP packets directly on IP, protocol 132: one IPv4 and one IPv6 raw socket, batched both ways (recvmmsg, sendmmsg).
// Needs CAP_NET_RAW. Every raw socket of the host gets a copy of each packet that its filter accepts, so each process
// hears its own ports without anybody passing packets on. Knows nothing of SCTP but where the ports are
// (port_filter.hpp).
//
// Path MTU: packets go with DF set, unless the stack says that IP may fragment them (RFC 9260 §6.9). One that is too
// large for its interface is dropped, and take_errors() says so, as it does with ICMP errors, so that the stack sends
// smaller ones from then on.
//
// The kernel answers nothing on protocol 132 while a raw socket is open, unless it has SCTP itself: then it treats our
// packets as out of the blue and aborts our associations.
#pragma once

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

struct RawCounters {
  std::uint64_t send_full = 0;         // packets dropped because the kernel had no room
  std::uint64_t send_refused = 0;      // packets the kernel would not send: no route, not our address, ...
  std::uint64_t receive_discards = 0;  // received, but truncated or with a header that makes no sense
};

class RawLink final : public Link {
 public:
  // Until serve() says more, nothing is received. Errors: EPERM without CAP_NET_RAW; otherwise socket(2)'s.
  [[nodiscard]] static Result<std::unique_ptr<RawLink>> open();
  // Whether this process may, without keeping anything: 0 or the errno of socket(2).
  [[nodiscard]] static int availability() noexcept;
  // The pool given to receive() must still be alive.
  ~RawLink() override;
  RawLink(const RawLink&) = delete;
  RawLink& operator=(const RawLink&) = delete;

  std::size_t receive(BufferPool& pool, std::vector<Datagram>& out, std::size_t limit,
                      std::uint32_t ready) noexcept override;
  void send(std::span<const Transmit> runs) noexcept override;
  [[nodiscard]] std::span<const IcmpError> take_errors() noexcept override { return errors_.take(); }
  // Sets the kernel's filter. If even the coarsest one cannot be set, everything is received.
  void serve(std::span<const std::uint16_t> ports, bool strays) noexcept override;
  [[nodiscard]] std::vector<int> descriptors() const override;
  [[nodiscard]] std::size_t overhead() const noexcept override { return 0; }
  [[nodiscard]] std::string description() const override;

  [[nodiscard]] const RawCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] const ErrorCounters& errors() const noexcept { return errors_.counters(); }

 private:
  struct Socket {
    Family family = Family::kNone;
    Descriptor descriptor;
    std::size_t receive_slots = 2;  // how many buffers the next recvmmsg offers: follows the traffic
  };
  struct ReceiveSlots;
  struct SendSlots;

  RawLink();
  void receive_from(Socket& socket, BufferPool& pool, std::vector<Datagram>& out, std::size_t limit) noexcept;
  void accept(Family family, std::size_t slot, std::size_t length, BufferPool& pool,
              std::vector<Datagram>& out) noexcept;
  void queue(const Transmit& run, std::span<const std::byte> bytes) noexcept;
  void flush() noexcept;
  [[nodiscard]] bool wait_for_room() noexcept;

  Socket v4_;
  Socket v6_;
  bool v6_first_ = false;  // alternates, so that neither socket starves the other
  std::unique_ptr<ReceiveSlots> received_;
  std::unique_ptr<SendSlots> queued_;
  ErrorQueue errors_;
  RawCounters counters_;
};

}  // namespace netsctp::link
