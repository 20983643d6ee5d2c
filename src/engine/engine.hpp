// One instance's loop: a link and a protocol stack under one lock. Whoever waits drives: a thread that must wait runs
// turn() itself, sleeping in the link's poll; a background thread does so only while nobody waits and there is
// something to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include "base/buffer_pool.hpp"
#include "base/result.hpp"
#include "core/stack.hpp"

namespace netsctp::engine {

enum class LinkKind : std::uint8_t { kUdp, kRaw };  // RFC 6951; IP protocol 132, which needs CAP_NET_RAW

struct EngineConfig {
  LinkKind link = LinkKind::kUdp;
  std::uint16_t udp_port = 9899;  // RFC 6951 §5.1; without meaning for kRaw
  std::size_t path_mtu = 1500;
  bool gso = true;  // whether the UDP link may use UDP_SEGMENT and UDP_GRO
  bool gro = true;
  bool batches = true;  // whether it may pass several packets in one system call
};

// What a thread waits for. Of some it is worth to look for a moment before it sleeps, where they have come soon before
// (quick_answers.hpp).
enum class Awaited : std::uint8_t {
  kWhatever,
  kAnswer,   // to what the thread has just asked the peer
  kRequest,  // a peer that begins: an association to accept
};

// Who gets the core's events; called with the engine's lock held, must not block.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(core::Event&& event) noexcept = 0;
  // After all events that one turn, or one call, brought: what costs a system call is done here, once for all of them.
  virtual void on_events_done() noexcept {}
};

class Engine {
 public:
  // Tries the link (errors: EADDRINUSE, EACCES, EPERM, ...). Its sockets stay open, and the thread runs, from the first
  // port claimed on: a process that shares the UDP port but reads nothing would swallow other processes' packets.
  [[nodiscard]] static Result<std::unique_ptr<Engine>> create(const EngineConfig& config, EventSink& sink);
  ~Engine();  // stops the background thread; the sink must still be alive
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // What a session does first: nothing; gives the stack what has already arrived at the link; or that, answers, and
  // goes on until nothing arrives any more. With the last a call never answers from a stale state, also where both ends
  // are in this process: whatever they have to say to each other has then been said, as on a kernel's loopback.
  enum class Intake : std::uint8_t { kNone, kArrived, kAll };

  // The lock under which the stack is used. Leaving it transmits what became due, delivers events and, if a nearer
  // deadline arose, wakes whoever sleeps in the link's poll.
  class Session {
   public:
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    [[nodiscard]] core::Stack& stack() noexcept;
    [[nodiscard]] Time now() noexcept;  // read once, when it is asked for first, and after waiting

    // Waits until `ready()` (called with the lock held, by whichever thread drives), the deadline, or a signal; the
    // lock is released while sleeping. 0: ready; ETIMEDOUT; EINTR (a signal handler ran, with SA_RESTART or not: as
    // poll(2)). Of several threads the one that waits longest is asked first, and is woken if its condition is true:
    // what only one of them can have it may reserve for itself there.
    int wait(const std::function<bool()>& ready, Time deadline = kNever, Awaited awaited = Awaited::kWhatever);
    // Transmits and delivers events now instead of at the end.
    void flush() noexcept;
    // What this session made due, so many bytes, may be transmitted a moment later (kPutOff at most, or as soon as any
    // other session ends or kPutOffBytes have come together), in one batch with what the program sends next.
    void put_off(std::size_t bytes) noexcept { put_off_bytes_ += bytes; }
    // For a session in which nothing became true that another thread may wait for: it ends at once if there is nothing
    // to transmit either.
    void leave_quietly() noexcept { quiet_ = true; }
    // What Intake::kArrived does at the beginning: what it makes due goes out with what this session does.
    void take_in() noexcept;
    // What Intake::kAll does at the beginning, for a call that finds out only with the lock held that it must know.
    void take_in_all() noexcept;
    // Flushes and, if that sent anything that may arrive in this process, goes on as Intake::kAll does: there may be an
    // answer.
    void catch_up() noexcept;

   private:
    friend class Engine;
    Session(Engine& engine, Intake intake);
    void leave() noexcept;
    Engine& engine_;
    std::unique_lock<std::mutex> lock_;
    std::optional<Time> now_;
    std::size_t put_off_bytes_ = 0;
    bool quiet_ = false;
  };
  [[nodiscard]] Session session(Intake intake = Intake::kNone) { return Session(*this, intake); }

  static constexpr Duration kPutOff = std::chrono::microseconds(200);
  static constexpr std::size_t kPutOffBytes = 262144;  // a few UDP_SEGMENT sends: one system call

  [[nodiscard]] static Time clock_now() noexcept;  // CLOCK_MONOTONIC: the only place that reads it

  // Claims an SCTP port of this host (design: a port is taken host-wide, per network namespace and UDP port) for the
  // given local addresses, so that packets other processes receive for it are passed on to this one. `any` claims the
  // wildcard of a family. Port 0 picks a free one (PortClaims::claim()). Returns the port; EADDRINUSE, EADDRNOTAVAIL.
  // Call with a session held.
  [[nodiscard]] Result<std::uint16_t> claim_port(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4,
                                                 bool any_v6);
  std::error_code extend_claim(std::uint16_t port, const IpAddress& address);
  void release_port(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4, bool any_v6) noexcept;
  void retire_port(std::uint16_t port, bool any_v4, bool any_v6) noexcept;  // PortClaims::retire()

  // Writes every packet from now on to a pcapng file (link/trace.hpp); null: no more. A trace under way ends first.
  // Errors of open(2). Call with a session held.
  [[nodiscard]] std::error_code trace(const char* path);

  // Only with a session held. No slice of it may outlive the engine.
  [[nodiscard]] BufferPool& pool() noexcept;
  [[nodiscard]] const EngineConfig& config() const noexcept;
  [[nodiscard]] std::string description() const;  // one line about the link, for `netsctp info`

  // fork(): the parent holds the lock over it, so that the child finds everything in order. The child then closes the
  // descriptors it has inherited (packets and names are the parent's) and never touches the engine again.
  void hold() noexcept;
  void let_go() noexcept;
  void close_descriptors() noexcept;

 private:
  class Loop;  // the implementer's: link, stack, mailboxes, driver role, background thread
  explicit Engine(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace netsctp::engine
