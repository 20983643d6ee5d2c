// The works, each as its server's and its client's part. The server's first line is {"ports": [...]}; what else each
// reports stands with it. Times are taken where the bytes arrive.
#include "works.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>
#include <utility>

namespace load {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

Clock::time_point after(double seconds) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
}

// One line: an object of numbers.
void report(std::initializer_list<std::pair<const char*, double>> figures) {
  const char* before = "{";
  for (const auto& [name, value] : figures) {
    std::printf("%s\"%s\": %.6f", before, name, value);
    before = ", ";
  }
  std::puts("}");
  std::fflush(stdout);
}

void report_ports(const std::vector<std::uint16_t>& ports) {
  const char* before = "{\"ports\": [";
  for (const std::uint16_t port : ports) {
    std::printf("%s%u", before, port);
    before = ", ";
  }
  std::puts("]}");
  std::fflush(stdout);
}

// Until our standard input ends, or has another line.
void wait_for_input() {
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') {
  }
}

std::vector<std::byte> receive_buffer(const Settings& settings) {
  return std::vector<std::byte>(std::max(settings.size, std::size_t{256} * 1024));
}

std::unique_ptr<Connection> accept_one(const Settings& settings, Transport& transport) {
  const std::unique_ptr<Listener> listener = transport.listen(settings);
  report_ports({listener->port()});
  return listener->accept();
}

// What arrived between the first message and the last.
class Count {
 public:
  void add(const Piece& piece) {
    if (piece.bytes == 0) return;
    last_ = Clock::now();
    if (messages_ == 0 && bytes_ == 0) first_ = last_;
    longest_silence_ = std::max(longest_silence_, last_ - std::exchange(previous_, last_));
    bytes_ += piece.bytes;
    messages_ += piece.messages;
  }
  [[nodiscard]] bool any() const { return bytes_ != 0; }
  [[nodiscard]] double seconds() const { return Seconds(last_ - first_).count(); }
  void tell() const {
    if (!any()) throw std::runtime_error("nothing arrived");
    const double time = std::max(seconds(), 1e-9);
    const double silence = std::chrono::duration<double, std::milli>(longest_silence_).count();
    report({{"messages", static_cast<double>(messages_)},
            {"bytes", static_cast<double>(bytes_)},
            {"seconds", time},
            {"messages_per_second", static_cast<double>(messages_) / time},
            {"bits_per_second", static_cast<double>(bytes_) * 8 / time},
            {"longest_silence_ms", silence}});
  }

 private:
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
  Clock::time_point first_{};
  Clock::time_point last_{};
  Clock::time_point previous_ = Clock::time_point::max();
  Clock::duration longest_silence_{};
};

// --- throughput: the client sends as fast as it may, the server counts
// ------------------------------------------------

void receive_all(const Settings& settings, Transport& transport) {
  auto connection = accept_one(settings, transport);
  std::vector<std::byte> buffer = receive_buffer(settings);
  Count count;
  for (Piece piece; !piece.end && (settings.window == 0 || count.seconds() < settings.window); count.add(piece)) {
    piece = connection->receive(buffer);
  }
  if (settings.window == 0) connection.reset();  // TCP's other end waits for that
  count.tell();
  wait_for_input();
}

void send_all(const Settings& settings, Transport& transport) {
  const auto connection = transport.connect(settings);
  const std::vector<std::byte> message(settings.size, std::byte{0x5a});
  std::uint64_t messages = 0;
  // Reading the clock for each of millions of messages would be a cost of its own.
  const std::size_t between = std::clamp<std::size_t>(16384 / settings.size, 1, 256);
  for (const auto end = after(settings.seconds); Clock::now() < end;) {
    for (std::size_t i = 0; i < between; ++i, ++messages) connection->send(message);
  }
  connection->finish();
  report({{"messages", static_cast<double>(messages)}});
  wait_for_input();
}

// --- steady: a message each millisecond; the server tells the longest silence
// -----------------------------------------

void send_steadily(const Settings& settings, Transport& transport) {
  const auto connection = transport.connect(settings);
  const std::vector<std::byte> message(settings.size, std::byte{0x5a});
  const auto end = after(settings.seconds);
  std::uint64_t messages = 0;
  for (auto next = Clock::now(); next < end; next += std::chrono::milliseconds(1)) {
    std::this_thread::sleep_until(next);
    connection->send(message);
    ++messages;
  }
  connection->finish();
  report({{"messages", static_cast<double>(messages)}});
  wait_for_input();
}

// --- ping-pong
// --------------------------------------------------------------------------------------------------------

void answer(const Settings& settings, Transport& transport) {
  const auto connection = accept_one(settings, transport);
  std::vector<std::byte> buffer = receive_buffer(settings);
  if (settings.events) {
    connection->react(buffer, [&](std::span<std::byte> message) {
      connection->send(message);
      return true;
    });
    return;
  }
  for (Piece piece; !(piece = connection->receive(buffer)).end;) connection->send(std::span(buffer).first(piece.bytes));
}

// Reports round trips a second and percentiles of their time.
void play(const Settings& settings, Transport& transport) {
  const auto connection = transport.connect(settings);
  std::vector<std::byte> buffer = receive_buffer(settings);
  const std::vector<std::byte> message(settings.size, std::byte{0x5a});
  std::vector<double> times;  // microseconds
  times.reserve(1'000'000);
  for (int i = 0; i < 100; ++i) {  // both ends are warm then
    connection->send(message);
    if (connection->receive(buffer).end) throw std::runtime_error("the server went away");
  }
  const auto begin = Clock::now();
  const auto end = after(settings.seconds);
  auto before = begin;
  const auto arrived = [&] {
    const auto now = Clock::now();
    times.push_back(std::chrono::duration<double, std::micro>(now - before).count());
    before = now;
    if (now >= end) return false;
    connection->send(message);
    return true;
  };
  connection->send(message);
  if (settings.events) {
    connection->react(buffer, [&](std::span<std::byte>) { return arrived(); });
  } else {
    do {
      if (connection->receive(buffer).end) throw std::runtime_error("the server went away");
    } while (arrived());
  }
  if (times.empty()) throw std::runtime_error("no answer came");
  std::sort(times.begin(), times.end());
  const auto percentile = [&](std::size_t of_thousand) { return times[(times.size() - 1) * of_thousand / 1000]; };
  report({{"round_trips_per_second", static_cast<double>(times.size()) / Seconds(before - begin).count()},
          {"p50_us", percentile(500)},
          {"p99_us", percentile(990)},
          {"p999_us", percentile(999)}});
  wait_for_input();
}

// --- setups: associations set up and closed, one after another in each thread
// -----------------------------------------

// A thread each; the first exception of any is thrown here.
void in_threads(std::size_t count, const std::function<void()>& part) {
  std::atomic<bool> failed = false;
  std::exception_ptr problem;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&] {
      try {
        part();
      } catch (...) {
        if (!failed.exchange(true)) problem = std::current_exception();
      }
    });
  }
  threads.clear();
  if (problem) std::rethrow_exception(problem);
}

void take_all(const Settings& settings, Transport& transport) {
  const std::unique_ptr<Listener> listener = transport.listen(settings);
  report_ports({listener->port()});
  in_threads(settings.threads, [&] {
    for (;;) listener->accept();  // and closes it
  });
}

void connect_and_close(const Settings& settings, Transport& transport) {
  std::atomic<std::uint64_t> count = 0;
  const auto begin = Clock::now();
  const auto end = after(settings.seconds);
  in_threads(settings.threads, [&] {
    for (; Clock::now() < end; ++count) transport.connect(settings);
  });
  report({{"setups_per_second", static_cast<double>(count) / Seconds(Clock::now() - begin).count()}});
  wait_for_input();
}

// --- crowd and idle: many associations
// --------------------------------------------------------------------------------

// Counts for the time, from the first message on; who still sends is no matter then.
void receive_from_crowd(const Settings& settings, Transport& transport) {
  const std::unique_ptr<Crowd> crowd = transport.crowd(settings);
  report_ports(crowd->ports());
  std::vector<std::byte> buffer = receive_buffer(settings);
  Count count;
  while (!count.any() || count.seconds() < settings.seconds) {
    crowd->receive(buffer, [&](const Piece& piece) { count.add(piece); });
  }
  count.tell();
  wait_for_input();
}

void send_in_crowd(const Settings& settings, Transport& transport) {
  const std::unique_ptr<Crowd> crowd = transport.crowd(settings);
  const auto begin = Clock::now();
  crowd->grow(settings.associations);
  report({{"setup_seconds", Seconds(Clock::now() - begin).count()}});
  const std::vector<std::byte> message(settings.size, std::byte{0x5a});
  for (;;) {  // until we are ended
    for (std::size_t i = 0; i < settings.associations; ++i) crowd->send(i, message);
  }
}

// Takes them in until we are ended.
void hold(const Settings& settings, Transport& transport) {
  const std::unique_ptr<Crowd> crowd = transport.crowd(settings);
  report_ports(crowd->ports());
  std::vector<std::byte> buffer = receive_buffer(settings);
  for (;;) crowd->receive(buffer, [](const Piece&) {});
}

// Sets up a tenth and stops, so that what all share is there; then the rest, each time {"up": how many there are}.
void sit(const Settings& settings, Transport& transport) {
  const std::unique_ptr<Crowd> crowd = transport.crowd(settings);
  const auto begin = Clock::now();
  for (const std::size_t count : {settings.associations / 10, settings.associations}) {
    crowd->grow(count);
    report({{"up", static_cast<double>(count)}, {"seconds", Seconds(Clock::now() - begin).count()}});
    wait_for_input();
  }
}

struct Work {
  const char* name;
  void (*serve)(const Settings&, Transport&);
  void (*call)(const Settings&, Transport&);
};
constexpr std::array<Work, 6> kWorks{{
    {"throughput", receive_all, send_all},
    {"steady", receive_all, send_steadily},
    {"ping-pong", answer, play},
    {"setups", take_all, connect_and_close},
    {"crowd", receive_from_crowd, send_in_crowd},
    {"idle", hold, sit},
}};

}  // namespace

void prepare(Settings& settings) {
  settings.small_delay = settings.work == "ping-pong" || settings.work == "steady";
  settings.quick_timers = settings.work == "steady";
  if (settings.size == 0 || settings.associations == 0 || settings.server_sockets == 0) {
    throw std::invalid_argument("a size and numbers of associations and sockets are at least 1");
  }
}

void perform(const Settings& settings, Transport& transport) {
  for (const Work& work : kWorks) {
    if (settings.work == work.name)
      return settings.server ? work.serve(settings, transport) : work.call(settings, transport);
  }
  throw std::invalid_argument("no such work: " + settings.work);
}

}  // namespace load
