// What an Engine is made of: link, stack, port claims, and the question of who sleeps in the link's poll.
//
// The driver. At most one thread sleeps on the link's descriptors, with the lock released: the driver. It takes what
// has arrived through the stack and, after each turn, wakes those waiting threads whose condition has come true.
//   1. A thread that must wait becomes the driver if no other user thread is; else it sleeps on an eventfd of its own.
//   2. A driver whose own condition is true leaves. It wakes the longest waiting thread to succeed it. If none waits,
//   it wakes
//      nobody: it will be back in a moment, and a hand-over per message would cost more than the message.
//   3. The background thread therefore looks after kFirstGrace whether a driver is there. If none is and none was for
//   that
//      long, it drives until a user thread takes the role from it (waking it once, so that it goes to stand by).
//   4. On stand-by it looks rarely: while it finds a user thread driving, its pauses double up to kLongestGrace; when
//   the same
//      thread has slept through a pause, it sleeps without end, and that driver wakes it on leaving.
//   5. Who is woken wants the lock: eventfds are written to when it has been released.
//   6. Whoever ends a session with a deadline nearer than the sleeping driver's (or, if there is none, than the
//   background
//      thread's) wakes that one, so that timers are served on time.
// A program that never blocks is thus driven by the background thread sitting in poll.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "core/datagram.hpp"
#include "engine/engine.hpp"
#include "engine/entropy.hpp"
#include "engine/port_claims.hpp"
#include "engine/quick_answers.hpp"
#include "link/descriptor.hpp"
#include "link/link.hpp"
#include "link/trace.hpp"

namespace netsctp::engine {

// Everything but lock() needs the lock held, which wait() releases while it sleeps.
class Engine::Loop {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Loop>> create(const EngineConfig& config, EventSink& sink);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }
  void unlock(std::unique_lock<std::mutex>& lock) noexcept;  // and wakes whom ring() has noted
  void let_go() noexcept { mutex_.unlock(); }                // what lock() has released from its guard
  void close_descriptors() noexcept;                         // Engine::close_descriptors()

  // Gives the stack what has already arrived and delivers its events; what is to be sent waits for settle(). False:
  // nothing had.
  bool take_in(Time now) noexcept;
  // The same, and settles, until nothing arrives any more or a bound on work is reached.
  void take_in_all(Time now) noexcept;
  // What input made due but for what is to be sent: timers and events.
  void digest(Time now) noexcept;
  // Expires timers, transmits, delivers events until nothing is left or a bound on work is reached. Whether anything
  // that it sent may arrive here, which then answers at once.
  bool settle(Time now) noexcept;
  // Whether settle() would do nothing but expire timers, which the sleeping driver does in time.
  [[nodiscard]] bool is_settled() const noexcept {
    return stack_->is_settled() && put_off_until_ == kNever && !work_left_;
  }
  // Whether settle() may come a moment later, with these bytes more to be sent then (Session::put_off()).
  [[nodiscard]] bool put_off(std::size_t bytes, Time now) noexcept;
  // Wakes threads whose condition has come true, and the sleeping driver if it would sleep too long.
  void notify() noexcept;
  int wait(std::unique_lock<std::mutex>& lock, const std::function<bool()>& ready, Time deadline, Time& now,
           Awaited awaited);

  [[nodiscard]] Result<std::uint16_t> claim(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4,
                                            bool any_v6);

  [[nodiscard]] std::error_code trace(const char* path);

  [[nodiscard]] core::Stack& stack() noexcept { return *stack_; }
  std::error_code extend(std::uint16_t port, const IpAddress& address) { return claims_.extend(port, address); }
  void release(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4, bool any_v6) noexcept;
  void retire(std::uint16_t port, bool any_v4, bool any_v6) noexcept;
  [[nodiscard]] BufferPool& pool() noexcept { return pool_; }
  [[nodiscard]] const EngineConfig& config() const noexcept { return config_; }
  [[nodiscard]] const std::string& description() const noexcept { return description_; }

 private:
  // A thread that waits, or the background thread.
  struct Sleeper {
    const std::function<bool()>* ready = nullptr;
    int eventfd = -1;                 // one of eventfds_; -1: there are no descriptors left; it sleeps in short pieces
    bool asleep = false;              // has released the lock to sleep
    QuickAnswers* answers = nullptr;  // how soon came what it waits for; nullptr: it does not look for it
    unsigned looks_left = 0;          // before so many sleeps more it may look
    bool rung = false;                // its eventfd is readable, or will be in a moment
    Time until = kNever;              // until when it sleeps
  };
  struct Arrived {
    std::uint32_t at_link = 0;  // as Link::receive() has it
    bool at_mailboxes = false;
  };

  Loop(const EngineConfig& config, EventSink& sink, PortClaims claims, std::string description);

  bool receive(Arrived arrived, Time now) noexcept;  // whether that was certainly all
  void report_errors(Time now) noexcept;             // what came back by ICMP
  void serve() noexcept;                             // tells the link for which ports this process is there
  void serve_fewer() noexcept;
  bool deliver() noexcept;
  [[nodiscard]] bool may_arrive_here(std::span<const Transmit> runs) const noexcept;
  [[nodiscard]] std::optional<Time> next_deadline() const noexcept;

  int wait_as(Sleeper& self, std::unique_lock<std::mutex>& lock, Time deadline, Time& now);
  int drive(Sleeper& self, std::unique_lock<std::mutex>& lock, Time deadline, Time& now);
  int sleep(Sleeper& self, std::unique_lock<std::mutex>& lock, Time until, Time& now, Arrived* arrived);
  void find_successor() noexcept;
  void ring(Sleeper& sleeper) noexcept;
  [[nodiscard]] int take_eventfd() noexcept;

  [[nodiscard]] std::error_code open_link();
  [[nodiscard]] std::error_code start_background();
  void run_background();
  [[nodiscard]] Time stand_by(Time now) noexcept;

  EngineConfig config_;
  EventSink& sink_;
  std::string description_;
  std::mutex mutex_;

  BufferPool pool_;  // before everything that holds slices
  SystemEntropy entropy_;
  std::unique_ptr<core::Stack> stack_;
  std::unique_ptr<link::Link> link_;  // null until the first claim
  std::vector<int> link_descriptors_;
  bool serving_strays_ = false;         // what the link was told last
  std::unique_ptr<link::Trace> trace_;  // null: off
  PortClaims claims_;
  std::vector<Datagram> inbox_;  // empty between turns
  std::unique_ptr<std::byte[]> outbox_;
  Time put_off_until_ = kNever;  // something waits for settle(), until then
  std::size_t put_off_bytes_ = 0;
  bool work_left_ = false;  // a bound on work was reached: there is more to do at once
  bool took_all_ = false;   // the last take_in() left nothing behind

  QuickAnswers quick_answers_;
  QuickAnswers quick_requests_;
  // What threads sleep on. They stay open, so that one is never written to that has become something else; a write that
  // comes late wakes its next user once for nothing.
  std::vector<link::Descriptor> eventfds_;
  std::vector<int> free_eventfds_;
  std::vector<int> rings_;         // to be written to by unlock()
  std::vector<Sleeper*> waiting_;  // user threads in wait(), the longest waiting first
  Sleeper* driver_ = nullptr;
  Time last_departure_{};  // when a user thread last left the driver's role
  std::uint64_t departures_ = 0;

  Sleeper background_;
  static constexpr Duration kFirstGrace = std::chrono::milliseconds(2);
  Duration grace_ = kFirstGrace;
  std::uint64_t departures_seen_ = 0;
  bool driver_seen_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace netsctp::engine
