// SCTP ports shared by the processes of one host, without a daemon. A claim is an abstract Unix datagram socket whose
// name holds the UDP port, the SCTP port and the address: binding it is the host-wide lock (per network namespace), and
// it is the mailbox through which a process that the kernel gave a packet for another's port passes it on. With raw IP
// every process has its own copy of a packet: nothing is passed on, and one process has the duty to answer what is for
// nobody's port (stray_duty.hpp). Not thread-safe: the engine's lock guards it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "base/address.hpp"
#include "base/buffer_pool.hpp"
#include "base/datagram.hpp"
#include "base/entropy.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "engine/stray_duty.hpp"
#include "link/descriptor.hpp"

namespace netsctp::engine {

struct PassOnCounters {
  std::uint64_t passed_on = 0;     // packets given to another process
  std::uint64_t mailbox_full = 0;  // packets dropped because the other process did not keep up
  std::uint64_t taken_over = 0;    // packets other processes gave to us
  std::uint64_t bad_messages = 0;  // mailbox messages that were not ours to believe
};

class PortClaims {
 public:
  static constexpr std::uint16_t kFirstFreePort = 32768;
  static constexpr std::uint16_t kLastFreePort = 60999;
  static constexpr std::uint16_t kFirstDynamicPort = 49152;  // RFC 6335 §6: from here on no service has a port
  static constexpr Duration kSpareLife = std::chrono::seconds(1);
  static constexpr std::size_t kMaxSpares = 32;
  // So many others are used before a port comes again: by then its last peer has forgotten the association.
  static constexpr std::size_t kMinSpares = 8;
  // Processes that may hold different specific addresses of one family of one port at the same time. A claim of the
  // wildcard looks for each of them: there are few where most sockets get their ports.
  static constexpr unsigned max_specific_holders(std::uint16_t port) noexcept {
    return port < kFirstDynamicPort ? 32 : 4;
  }

  // `udp_port` 0: raw IP. Errors: EMFILE, ENFILE, ...
  [[nodiscard]] static Result<PortClaims> open(std::uint16_t udp_port);
  // The pool given to receive() must still be alive when this ends.
  PortClaims(PortClaims&&) noexcept = default;
  PortClaims& operator=(PortClaims&&) noexcept = default;
  ~PortClaims() = default;

  // Claims all of it or nothing. Addresses of a family whose wildcard is asked for are covered by that and skipped.
  // Port 0: a free one from kFirstDynamicPort to kLastFreePort, or else from kFirstFreePort on. EADDRINUSE: taken on
  // this host, by this process or another; EINVAL: nothing to claim; otherwise socket(2)'s errors.
  [[nodiscard]] Result<std::uint16_t> claim(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4,
                                            bool any_v6, Entropy& entropy);
  // One more address for a port held here; nothing to do if its family's wildcard is.
  std::error_code extend(std::uint16_t port, const IpAddress& address);
  // Gives up what is held of these; the rest of the port stays. A port that came with an association, nobody having
  // asked for it, is rather retired: nobody expects to find it free at once. Its names, on which most of a claim's time
  // goes, are kept for the next claim of any port with the same wildcards, for kSpareLife at most; to other processes
  // it is taken that long. Over raw IP it is released.
  void release(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4, bool any_v6) noexcept;

  void retire(std::uint16_t port, bool any_v4, bool any_v6, Time now) noexcept;
  // When there is something to do for drop_spares(); kNever: nothing.
  [[nodiscard]] Time spares_end() const noexcept { return spares_.empty() ? kNever : spares_.front().until; }
  void drop_spares(Time now) noexcept;

  [[nodiscard]] bool empty() const noexcept { return ports_.empty(); }
  [[nodiscard]] bool holds(std::uint16_t port, const IpAddress& local) const noexcept;

  // In ascending order.
  [[nodiscard]] std::vector<std::uint16_t> ports() const;
  // Raw IP: whether packets for ports that nobody has are for this process; it is so for one on the host. May change
  // with each call of claim(), release() and receive().
  [[nodiscard]] bool takes_strays() const noexcept { return strays_.is_ours(); }

  // Takes out of `batch` what another process has claimed and, with UDP, sends it there. What stays is for this
  // process: its own ports, and packets for ports that nobody has (out of the blue, RFC 9260 §8.4); with raw IP the
  // latter only where takes_strays().
  void pass_on(std::vector<Datagram>& batch) noexcept;

  // Readable (POLLIN) when other processes have passed something on.
  [[nodiscard]] int descriptor() const noexcept { return mailboxes_.number(); }
  // Appends what other processes passed on, about `limit` packets; never blocks. The count appended.
  std::size_t receive(BufferPool& pool, std::vector<Datagram>& out, std::size_t limit) noexcept;

  [[nodiscard]] const PassOnCounters& counters() const noexcept { return counters_; }

  // In the child of a fork(): closes all, so that the names end with the parent.
  void close_descriptors() noexcept;

 private:
  struct Claim {
    IpAddress address;  // any(family): the wildcard
    link::Descriptor mailbox;
  };
  struct Port {
    std::vector<Claim> claims;
    link::Descriptor specific_v4;  // marks that this process holds specific addresses of the family
    link::Descriptor specific_v6;
  };

  // A port that nobody uses, but whose names are held.
  struct Spare {
    std::uint16_t number = 0;
    bool any_v4 = false;
    bool any_v6 = false;
    Time until{};
    Port port;
  };

  explicit PortClaims(std::uint16_t udp_port) noexcept : udp_port_(udp_port) {}

  [[nodiscard]] std::error_code add(std::uint16_t port, const IpAddress& address);
  [[nodiscard]] std::error_code mark_specific(std::uint16_t port, Family family);
  void remove(std::uint16_t port, const IpAddress& address) noexcept;
  [[nodiscard]] Result<std::uint16_t> claim_fresh(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4,
                                                  bool any_v6, Entropy& entropy);
  [[nodiscard]] std::uint16_t take_spare(bool any_v4, bool any_v6) noexcept;
  [[nodiscard]] Result<std::uint16_t> claim_any(std::uint16_t first, std::uint16_t last,
                                                std::span<const IpAddress> addresses, bool any_v4, bool any_v6,
                                                Entropy& entropy);
  [[nodiscard]] Result<std::uint16_t> claim_all(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4,
                                                bool any_v6);
  enum class Outcome : std::uint8_t { kPassed, kNobodyThere };
  [[nodiscard]] Outcome send(std::span<const Datagram> run, std::uint16_t port) noexcept;
  void keep_own(std::vector<Datagram>& batch) noexcept;
  [[nodiscard]] bool is_held_anywhere(std::uint16_t port, const IpAddress& local) const noexcept;
  void settle_strays() noexcept;
  [[nodiscard]] bool wait_for_room(std::uint16_t port, std::string_view what) noexcept;
  void receive_from(int mailbox, BufferPool& pool, std::vector<Datagram>& out, std::size_t limit) noexcept;

  std::uint16_t udp_port_;
  std::unordered_map<std::uint16_t, Port> ports_;
  std::vector<Spare> spares_;   // the oldest first
  StrayDuty strays_;            // raw IP: sought while any port is held
  link::Descriptor mailboxes_;  // epoll of all mailboxes, and of the watch over strays_
  link::Descriptor sender_;
  bool waited_ = false;  // for room in a mailbox, in this batch
  Slice spare_;          // the buffer for the next message
  PassOnCounters counters_;
};

}  // namespace netsctp::engine
