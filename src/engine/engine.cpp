// The engine's face; the work is Loop's.
#include "engine/engine.hpp"

#include <time.h>

#include <utility>

#include "engine/loop.hpp"

namespace netsctp::engine {

Result<std::unique_ptr<Engine>> Engine::create(const EngineConfig& config, EventSink& sink) {
  auto loop = Loop::create(config, sink);
  if (!loop) return loop.error();
  return std::unique_ptr<Engine>(new Engine(std::move(*loop)));
}

Engine::Engine(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Engine::~Engine() = default;

Time Engine::clock_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return Time(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

Engine::Session::Session(Engine& engine, Intake intake) : engine_(engine), lock_(engine.loop_->lock()) {
  if (intake == Intake::kArrived) take_in();
  if (intake == Intake::kAll) take_in_all();
}

Engine::Session::~Session() {
  leave();
  engine_.loop_->unlock(lock_);
}

void Engine::Session::leave() noexcept {
  if (put_off_bytes_ != 0) {
    if (engine_.loop_->put_off(put_off_bytes_, now())) {
      engine_.loop_->notify();
      return;
    }
    engine_.loop_->take_in(now());  // a program that only sends does its own work
  }
  if (quiet_ && engine_.loop_->is_settled()) return;
  flush();
}

core::Stack& Engine::Session::stack() noexcept {
  return engine_.loop_->stack();
}

Time Engine::Session::now() noexcept {
  if (!now_) now_ = clock_now();
  return *now_;
}

int Engine::Session::wait(const std::function<bool()>& ready, Time deadline, Awaited awaited) {
  Time woken = now();
  const int outcome = engine_.loop_->wait(lock_, ready, deadline, woken, awaited);
  now_ = woken;
  return outcome;
}

void Engine::Session::flush() noexcept {
  engine_.loop_->settle(now());
  engine_.loop_->notify();
}

void Engine::Session::take_in() noexcept {
  engine_.loop_->take_in(now());
}

void Engine::Session::take_in_all() noexcept {
  engine_.loop_->take_in_all(now());
}

void Engine::Session::catch_up() noexcept {
  const bool to_ourselves = engine_.loop_->settle(now());
  engine_.loop_->notify();
  if (to_ourselves) take_in_all();
}

Result<std::uint16_t> Engine::claim_port(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4,
                                         bool any_v6) {
  return loop_->claim(port, addresses, any_v4, any_v6);
}

std::error_code Engine::extend_claim(std::uint16_t port, const IpAddress& address) {
  return loop_->extend(port, address);
}

void Engine::release_port(std::uint16_t port, std::span<const IpAddress> addresses, bool any_v4, bool any_v6) noexcept {
  loop_->release(port, addresses, any_v4, any_v6);
}

void Engine::retire_port(std::uint16_t port, bool any_v4, bool any_v6) noexcept {
  loop_->retire(port, any_v4, any_v6);
}

std::error_code Engine::trace(const char* path) {
  return loop_->trace(path);
}

BufferPool& Engine::pool() noexcept {
  return loop_->pool();
}

const EngineConfig& Engine::config() const noexcept {
  return loop_->config();
}

std::string Engine::description() const {
  return loop_->description();
}

void Engine::hold() noexcept {
  loop_->lock().release();
}

void Engine::let_go() noexcept {
  loop_->let_go();
}

void Engine::close_descriptors() noexcept {
  loop_->close_descriptors();
}

}  // namespace netsctp::engine
