// The engine's loop: one turn, and who sleeps, who wakes (the rules are in loop.hpp).
#include "engine/loop.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "link/raw.hpp"
#include "link/udp.hpp"

namespace netsctp::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kReceiveLimit = 256;   // packets per turn from the link, and as many from other processes
constexpr std::size_t kInboxReserve = 2048;  // more than a receive may exceed the limit by
constexpr std::size_t kOutboxSize = 256 * 1024;
constexpr int kMaxBatches = 16;  // transmitted per turn
constexpr int kMaxRounds = 16;   // of transmit and events per turn
constexpr Duration kLongestGrace = 20ms;
constexpr Duration kPieceWithoutEventfd = 1ms;
constexpr std::size_t kMaxDescriptors = 8;

// Bit i: something is at entries[i].
std::uint32_t ready_bits(std::span<const pollfd> entries) noexcept {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].revents != 0) bits |= std::uint32_t{1} << i;
  return bits;
}

timespec to_timespec(Duration duration) noexcept {
  timespec result{};
  const Duration::rep count = std::max(duration, Duration::zero()).count();
  result.tv_sec = static_cast<time_t>(count / 1'000'000'000);
  result.tv_nsec = static_cast<long>(count % 1'000'000'000);
  return result;
}

core::StackConfig stack_config(const EngineConfig& config, std::size_t overhead) {
  core::StackConfig stack;
  stack.link_overhead = overhead;
  stack.path_mtu = config.path_mtu;
  // A peer not heard from yet is assumed to use the port that we use (RFC 6951 §5.1: usually the same on both ends).
  stack.default_remote_port = config.udp_port;
  return stack;
}

// The link of the kind asked for. The port of a UDP link that was given 0 is stored in `config`; raw IP has none.
Result<std::unique_ptr<link::Link>> make_link(EngineConfig& config) {
  if (config.link == LinkKind::kRaw) {
    config.udp_port = 0;
    auto raw = link::RawLink::open();
    if (!raw) return raw.error();
    return std::unique_ptr<link::Link>(std::move(*raw));
  }
  auto udp = link::UdpLink::open({config.udp_port, config.gso, config.gro, config.batches});
  if (!udp) return udp.error();
  config.udp_port = (*udp)->port();
  return std::unique_ptr<link::Link>(std::move(*udp));
}

}  // namespace

// --- life -----------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Engine::Loop>> Engine::Loop::create(const EngineConfig& config, EventSink& sink) {
  EngineConfig settled = config;
  std::string description;
  {
    auto trial = make_link(settled);
    if (!trial) return trial.error();
    description = (*trial)->description();
  }
  auto claims = PortClaims::open(settled.udp_port);
  if (!claims) return claims.error();
  return std::unique_ptr<Loop>(new Loop(settled, sink, std::move(*claims), std::move(description)));
}

Engine::Loop::Loop(const EngineConfig& config, EventSink& sink, PortClaims claims, std::string description)
    : config_(config),
      sink_(sink),
      description_(std::move(description)),
      stack_(std::make_unique<core::Stack>(stack_config(config, config.link == LinkKind::kUdp ? 8 : 0), pool_, entropy_,
                                           clock_now())),
      claims_(std::move(claims)),
      outbox_(std::make_unique_for_overwrite<std::byte[]>(kOutboxSize)) {
  inbox_.reserve(kInboxReserve);
}

Engine::Loop::~Loop() {
  if (!thread_.joinable()) return;
  auto held = lock();
  stopping_ = true;
  ring(background_);
  unlock(held);
  thread_.join();
}

void Engine::Loop::close_descriptors() noexcept {
  for (const int descriptor : link_descriptors_) ::close(descriptor);
  claims_.close_descriptors();
  eventfds_.clear();
  trace_.reset();  // its lock on the file would outlive the parent
}

std::error_code Engine::Loop::open_link() {
  auto opened = make_link(config_);
  if (!opened) return opened.error();
  link_ = std::move(*opened);
  link_descriptors_ = link_->descriptors();
  if (driver_ != nullptr && driver_->asleep) ring(*driver_);  // it sleeps without these descriptors
  return {};
}

std::error_code Engine::Loop::start_background() {
  background_.eventfd = take_eventfd();
  if (background_.eventfd < 0) return {errno, std::system_category()};
  // Signals are for the program's own threads: the new thread inherits a mask that blocks all of them.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::error_code error;
  try {
    thread_ = std::thread([this] { run_background(); });
  } catch (const std::system_error& failure) {
    error = failure.code();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error;
}

Result<std::uint16_t> Engine::Loop::claim(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4,
                                          bool any_v6) {
  Result<std::uint16_t> claimed = claims_.claim(port, addresses, any_v4, any_v6, entropy_);
  if (!claimed) return claimed;
  std::error_code error;
  if (!link_) error = open_link();
  if (!error && !thread_.joinable()) error = start_background();
  if (error) {
    claims_.release(*claimed, addresses, any_v4, any_v6);
    return error;
  }
  serve();
  return claimed;
}

void Engine::Loop::release(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4,
                           bool any_v6) noexcept {
  claims_.release(port, addresses, any_v4, any_v6);
  serve_fewer();
}

void Engine::Loop::retire(std::uint16_t port, bool any_v4, bool any_v6) noexcept {
  claims_.retire(port, any_v4, any_v6, clock_now());
  serve_fewer();
}

void Engine::Loop::serve_fewer() noexcept {
  // A filter that lets one port too many through does no harm until the next claim; to set it costs more than a packet.
  if (claims_.empty() || claims_.takes_strays() != serving_strays_) serve();
}

void Engine::Loop::serve() noexcept {
  serving_strays_ = claims_.takes_strays();
  if (link_ && config_.link == LinkKind::kRaw) link_->serve(claims_.ports(), serving_strays_);
}

std::error_code Engine::Loop::trace(const char* path) {
  trace_.reset();  // first: it may be the same file
  if (path == nullptr) return {};
  auto opened = link::Trace::open(path);
  if (!opened) return opened.error();
  trace_ = std::move(*opened);
  return {};
}

// --- one turn -------------------------------------------------------------------------------------------------------

bool Engine::Loop::receive(Arrived arrived, Time now) noexcept {
  bool is_all = true;
  if (arrived.at_link != 0 && link_) {
    is_all = kReceiveLimit > link_->receive(pool_, inbox_, kReceiveLimit, arrived.at_link);
    claims_.pass_on(inbox_);
    report_errors(now);
  }
  // What others passed on stays here, whoever's it is now: nothing circulates.
  if (arrived.at_mailboxes) {
    is_all = false;  // of each a few messages are taken
    claims_.receive(pool_, inbox_, kReceiveLimit);
    if (claims_.takes_strays() != serving_strays_) serve();
  }
  if (trace_) {
    for (const Datagram& datagram : inbox_) trace_->received(datagram);
    trace_->flush();
  }
  stack_->receive(inbox_, now);
  inbox_.clear();
  return is_all;
}

void Engine::Loop::report_errors(Time now) noexcept {
  for (const IcmpError& error : link_->take_errors()) stack_->on_icmp(error, now);
}

bool Engine::Loop::deliver() noexcept {
  bool any = false;
  core::Event event;
  while (stack_->poll_event(event)) {
    any = true;
    sink_.on_event(std::move(event));
  }
  return any;
}

bool Engine::Loop::take_in(Time now) noexcept {
  std::array<pollfd, kMaxDescriptors> entries;
  std::size_t count = 0;
  entries[count++] = {claims_.descriptor(), POLLIN, 0};
  for (const int descriptor : link_descriptors_) entries[count++] = {descriptor, POLLIN, 0};
  if (::poll(entries.data(), count, 0) <= 0) return false;
  const Arrived arrived{ready_bits(std::span(entries).subspan(1, count - 1)), entries[0].revents != 0};
  took_all_ = receive(arrived, now);
  digest(now);
  return true;
}

void Engine::Loop::digest(Time now) noexcept {
  stack_->expire(now);
  deliver();
  sink_.on_events_done();
}

void Engine::Loop::take_in_all(Time now) noexcept {
  for (int round = 0; round < kMaxRounds && take_in(now); ++round) {
    // Others take longer to answer; and who has heard nothing new has nothing new to say.
    if (!settle(now) && took_all_) return;
  }
}

bool Engine::Loop::put_off(std::size_t bytes, Time now) noexcept {
  if (put_off_until_ == kNever) put_off_until_ = now + kPutOff;
  put_off_bytes_ += bytes;
  return put_off_bytes_ < kPutOffBytes && now < put_off_until_;
}

bool Engine::Loop::settle(Time now) noexcept {
  bool to_ourselves = false;
  put_off_until_ = kNever;
  put_off_bytes_ = 0;
  stack_->expire(now);
  if (claims_.spares_end() <= now) claims_.drop_spares(now);
  work_left_ = false;
  int batches = 0;
  int rounds = 0;
  do {
    core::TransmitBatch batch({outbox_.get(), kOutboxSize});
    while (stack_->transmit(batch, now)) {
      to_ourselves = to_ourselves || may_arrive_here(batch.runs());
      if (trace_) {
        trace_->sent(batch.runs());
        trace_->flush();
      }
      if (link_) {
        link_->send(batch.runs());
        report_errors(now);
      }
      batch.clear();
      if (++batches == kMaxBatches) {
        work_left_ = true;
        break;
      }
    }
    if (++rounds == kMaxRounds) work_left_ = true;
  } while (deliver() && !work_left_);  // the sink's reaction to an event may be to send
  sink_.on_events_done();
  return to_ourselves;
}

// The UDP port may be shared: then the kernel gives some of it to us, whoever it is for. Raw IP has no port: 0 is 0.
bool Engine::Loop::may_arrive_here(std::span<const Transmit> runs) const noexcept {
  return std::ranges::any_of(runs, [this](const Transmit& run) { return run.to.port == config_.udp_port; });
}

std::optional<Time> Engine::Loop::next_deadline() const noexcept {
  if (work_left_) return Time::min();
  const std::optional<Time> next = stack_->next_timeout();
  const Time other = std::min(put_off_until_, claims_.spares_end());
  return other == kNever ? next : std::min(other, next.value_or(kNever));
}

// --- who sleeps, who wakes ------------------------------------------------------------------------------------------

void Engine::Loop::ring(Sleeper& sleeper) noexcept {
  if (sleeper.rung || sleeper.eventfd < 0) return;
  sleeper.rung = true;
  rings_.push_back(sleeper.eventfd);
}

void Engine::Loop::unlock(std::unique_lock<std::mutex>& lock) noexcept {
  std::array<int, 16> due;
  while (!rings_.empty()) {
    const std::size_t count = std::min(rings_.size(), due.size());
    std::copy_n(rings_.end() - static_cast<std::ptrdiff_t>(count), count, due.begin());
    rings_.resize(rings_.size() - count);
    const bool is_all = rings_.empty();
    if (is_all) lock.unlock();
    for (const int eventfd : std::span(due).first(count)) {
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = ::write(eventfd, &one, sizeof one);
    }
    if (is_all) return;
  }
  lock.unlock();
}

int Engine::Loop::take_eventfd() noexcept {
  if (free_eventfds_.empty()) {
    link::Descriptor fresh(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fresh) return -1;
    free_eventfds_.push_back(fresh.number());
    eventfds_.push_back(std::move(fresh));
  }
  const int taken = free_eventfds_.back();
  free_eventfds_.pop_back();
  return taken;
}

void Engine::Loop::notify() noexcept {
  for (Sleeper* sleeper : waiting_)
    if (sleeper->asleep && !sleeper->rung && (*sleeper->ready)()) ring(*sleeper);
  Sleeper* const timekeeper = driver_ != nullptr ? driver_ : &background_;
  if (!timekeeper->asleep || timekeeper->rung) return;
  const std::optional<Time> next = next_deadline();
  if (next && *next < timekeeper->until) ring(*timekeeper);
}

// With the driver's role free: makes sure that somebody takes it up.
void Engine::Loop::find_successor() noexcept {
  for (Sleeper* sleeper : waiting_) {
    if (sleeper->asleep && !sleeper->rung) {
      ring(*sleeper);
      return;
    }
  }
  if (background_.asleep && background_.until == kNever) ring(background_);
}

// Releases the lock until the time, a ring or, with `arrived`, input. EINTR or 0.
int Engine::Loop::sleep(Sleeper& self, std::unique_lock<std::mutex>& lock, Time until, Time& now, Arrived* arrived) {
  std::array<pollfd, kMaxDescriptors> entries;
  std::size_t count = 0;
  entries[count++] = {self.eventfd, POLLIN, 0};
  if (arrived != nullptr) {
    entries[count++] = {claims_.descriptor(), POLLIN, 0};
    for (const int descriptor : link_descriptors_) entries[count++] = {descriptor, POLLIN, 0};
  }
  if (self.eventfd < 0) until = std::min(until, now + kPieceWithoutEventfd);
  QuickAnswers* const answers = arrived != nullptr && self.looks_left != 0 ? self.answers : nullptr;
  const bool looks = answers != nullptr && answers->expected(waiting_.size());
  if (answers != nullptr) --self.looks_left;
  const timespec timeout = to_timespec(until == kNever || until <= now ? Duration::zero() : until - now);
  self.until = until;
  self.asleep = true;
  unlock(lock);
  int polled = 0;
  const Time begin = answers != nullptr ? clock_now() : now;
  if (looks) {
    const Time end = std::min(until, begin + QuickAnswers::kLook);
    do polled = ::poll(entries.data(), count, 0);
    while (polled == 0 && clock_now() < end);
  }
  if (polled == 0) polled = ::ppoll(entries.data(), count, until == kNever ? nullptr : &timeout, nullptr);
  const int error = polled < 0 ? errno : 0;
  lock.lock();
  self.asleep = false;
  self.rung = false;
  if (polled > 0 && entries[0].revents != 0) {
    std::uint64_t rings = 0;
    [[maybe_unused]] const ssize_t taken = ::read(self.eventfd, &rings, sizeof rings);
  }
  now = clock_now();
  if (polled > 0 && arrived != nullptr) {
    arrived->at_mailboxes = entries[1].revents != 0;
    arrived->at_link = ready_bits(std::span(entries).subspan(2, count - 2));
  }
  // To be rung early tells nothing.
  if (answers != nullptr && (polled == 0 || arrived->at_link != 0 || now - begin > QuickAnswers::kLook)) {
    answers->waited(now - begin, looks);
  }
  return error == EINTR ? EINTR : 0;
}

// One turn of the driver.
int Engine::Loop::drive(Sleeper& self, std::unique_lock<std::mutex>& lock, Time deadline, Time& now) {
  Arrived arrived;
  const int error = sleep(self, lock, std::min(deadline, next_deadline().value_or(kNever)), now, &arrived);
  const bool any = arrived.at_link != 0 || arrived.at_mailboxes;
  if (any) receive(arrived, now);
  if (any || next_deadline().value_or(kNever) <= now) {  // else woken only to sleep for a shorter time
    // If the program is about to send more, what it has sent, and what the input made due, goes with that in one batch.
    put_off_until_ != kNever&& now < put_off_until_ && !work_left_ ? digest(now) : void(settle(now));
  }
  notify();
  return error;
}

int Engine::Loop::wait(std::unique_lock<std::mutex>& lock, const std::function<bool()>& ready, Time deadline, Time& now,
                       Awaited awaited) {
  settle(now);
  notify();
  if (ready()) return 0;
  Sleeper self;
  self.ready = &ready;
  self.eventfd = take_eventfd();
  if (awaited != Awaited::kWhatever) {
    self.answers = awaited == Awaited::kAnswer ? &quick_answers_ : &quick_requests_;
    self.looks_left = QuickAnswers::kLooks;
  }
  waiting_.push_back(&self);
  const int result = wait_as(self, lock, deadline, now);
  std::erase(waiting_, &self);
  if (self.eventfd >= 0) free_eventfds_.push_back(self.eventfd);
  if (driver_ == &self) {
    driver_ = nullptr;
    last_departure_ = now;
    ++departures_;
  }
  // Also when this thread was woken to succeed another, but had become ready: the role must not be forgotten.
  if (driver_ == nullptr) find_successor();
  return result;
}

int Engine::Loop::wait_as(Sleeper& self, std::unique_lock<std::mutex>& lock, Time deadline, Time& now) {
  for (;;) {
    if (now >= deadline) return ETIMEDOUT;
    if (driver_ == &background_) {
      if (background_.asleep) ring(background_);  // to stand by
      driver_ = nullptr;
    }
    if (driver_ == nullptr) driver_ = &self;
    const int error = driver_ == &self ? drive(self, lock, deadline, now) : sleep(self, lock, deadline, now, nullptr);
    if ((*self.ready)()) return 0;
    if (error != 0) return error;
  }
}

// --- the background thread ------------------------------------------------------------------------------------------

void Engine::Loop::run_background() {
  auto held = lock();
  Time now = clock_now();
  while (!stopping_) {
    if (driver_ == nullptr && (departures_ == 0 || now - last_departure_ >= kFirstGrace)) driver_ = &background_;
    if (driver_ == &background_) {
      grace_ = kFirstGrace;
      driver_seen_ = false;
      drive(background_, held, kNever, now);
      continue;
    }
    if (driver_ == nullptr && next_deadline().value_or(kNever) <= now) {
      take_in(now);  // it may be what a timer waits for
      settle(now);
      notify();
    }
    sleep(background_, held, stand_by(now), now, nullptr);
  }
}

// Until when to stand by.
Time Engine::Loop::stand_by(Time now) noexcept {
  if (driver_ == nullptr) {  // it left just now
    driver_seen_ = false;
    return std::min(last_departure_ + kFirstGrace, next_deadline().value_or(kNever));
  }
  if (driver_seen_ && departures_seen_ == departures_) return kNever;  // it slept all the while; it will wake us
  driver_seen_ = true;
  departures_seen_ = departures_;
  return now + std::exchange(grace_, std::min(grace_ * 2, kLongestGrace));
}

}  // namespace netsctp::engine
