// Engines over real UDP sockets on 127.0.0.1: who waits drives, who does not is served all the same, processes share a
// port.
#include "engine/engine.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>

#include "link/descriptor.hpp"

namespace netsctp::engine {
namespace {

using namespace std::chrono_literals;
using core::AssociationChanged;
using core::AssociationId;

constexpr Duration kPatience = 10s;

Time in(Duration duration) {
  return Engine::clock_now() + duration;
}

// A small user of one engine: one endpoint, its associations' states and messages.
class Program final : public EventSink {
 public:
  explicit Program(std::uint16_t udp_port = 0) {
    EngineConfig config;
    config.udp_port = udp_port;
    auto created = Engine::create(config, *this);
    EXPECT_TRUE(created) << created.error().message();
    engine_ = std::move(*created);
  }
  ~Program() override {
    inbox_.clear();
    engine_.reset();
  }

  Engine& engine() { return *engine_; }
  std::uint16_t udp_port() { return engine_->config().udp_port; }
  std::uint16_t port() const { return port_; }
  int readable() const { return readable_.number(); }  // an eventfd: something has happened

  // Claims a port and opens an endpoint on 127.0.0.1.
  void open(std::uint16_t port = 0, Duration rto_initial = 1s, std::uint16_t init_retransmits = 8) {
    auto session = engine_->session();
    stack_ = &session.stack();
    const auto claimed = engine_->claim_port(port, std::vector{loopback()}, false, false);
    ASSERT_TRUE(claimed) << claimed.error().message();
    port_ = claimed.value();
    core::EndpointConfig config;
    config.port = port_;
    config.addresses = {loopback()};
    config.parameters.rto_initial = rto_initial;
    config.parameters.max_init_retransmits = init_retransmits;
    config.parameters.no_delay = true;
    const auto endpoint = session.stack().open(config);
    ASSERT_TRUE(endpoint) << endpoint.error().message();
    endpoint_ = endpoint.value();
    session.stack().listen(endpoint_, 100);
  }

  AssociationId start_connect(std::uint16_t port, std::uint16_t udp_port) {
    auto session = engine_->session();
    core::ConnectRequest request;
    request.peers = {loopback()};
    request.port = port;
    request.remote_udp_port = udp_port;
    const auto association = session.stack().connect(endpoint_, request, session.now());
    EXPECT_TRUE(association) << association.error().message();
    return association ? association.value() : 0;
  }

  AssociationId connect(std::uint16_t port, std::uint16_t udp_port) {
    const AssociationId id = start_connect(port, udp_port);
    auto session = engine_->session();
    EXPECT_EQ(session.wait([&] { return changes_.contains(id); }, in(kPatience)), 0);
    EXPECT_EQ(changes_[id], AssociationChanged::What::kUp);
    return id;
  }

  void send(AssociationId association, std::string_view text) {
    auto session = engine_->session();
    send(session, association, text);
  }

  // Puts off the sending.
  void send_later(AssociationId association, std::string_view text, std::size_t bytes) {
    auto session = engine_->session();
    send(session, association, text);
    session.put_off(bytes);
  }
  std::uint64_t chunks_sent() {
    auto session = engine_->session();
    return session.stack().counters().data_chunks_sent;
  }

  // The next message of the association (0: of any); nothing after the deadline.
  std::optional<std::pair<AssociationId, std::string>> receive(AssociationId association = 0,
                                                               Duration patience = kPatience) {
    auto session = engine_->session(Engine::Intake::kArrived);
    if (session.wait([&] { return stop_ || find(association) != inbox_.end(); }, in(patience)) != 0) return {};
    return take(session, association);
  }

  std::optional<std::pair<AssociationId, std::string>> receive_at_once() {
    auto session = engine_->session(Engine::Intake::kArrived);
    return take(session, 0);
  }

  bool changed(AssociationId association, AssociationChanged::What what) {
    auto session = engine_->session(Engine::Intake::kArrived);
    return changes_.contains(association) && changes_[association] == what;
  }

  // Returns every message to where it came from until told to stop.
  void echo() {
    auto session = engine_->session(Engine::Intake::kArrived);
    while (session.wait([&] { return stop_ || !inbox_.empty(); }, in(kPatience)) == 0 && !stop_) {
      while (const auto message = take(session, 0)) send(session, message->first, message->second);
    }
  }
  void stop() {
    auto session = engine_->session();
    stop_ = true;
  }

  void on_event(core::Event&& event) noexcept override {
    if (const auto* change = std::get_if<AssociationChanged>(&event.what)) {
      changes_[event.association] = change->what;
      if (change->what == AssociationChanged::What::kUp) stack_->accepted(event.association);
    } else if (const auto* data = std::get_if<core::DataArrived>(&event.what)) {
      const auto bytes = data->piece.payload.bytes();
      inbox_.emplace_back(event.association, std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    }
    const std::uint64_t one = 1;
    if (::write(readable_.number(), &one, sizeof one) < 0) std::abort();
  }

  static IpAddress loopback() { return *IpAddress::parse("127.0.0.1"); }

 private:
  using Inbox = std::deque<std::pair<AssociationId, std::string>>;

  Inbox::iterator find(AssociationId association) {
    return std::ranges::find_if(inbox_,
                                [&](const auto& entry) { return association == 0 || entry.first == association; });
  }
  std::optional<std::pair<AssociationId, std::string>> take(Engine::Session& session, AssociationId association) {
    const auto found = find(association);
    if (found == inbox_.end()) return {};
    auto message = std::move(*found);
    inbox_.erase(found);
    session.stack().consumed(message.first, message.second.size());
    return message;
  }
  void send(Engine::Session& session, AssociationId association, std::string_view text) {
    core::SendRequest request;
    request.payload = session.stack().allocate(text.size());
    std::ranges::copy(std::as_bytes(std::span(text)), request.payload.writable());
    EXPECT_FALSE(session.stack().send(association, std::move(request), session.now()));
  }

  std::unique_ptr<Engine> engine_;
  core::Stack* stack_ = nullptr;  // for on_event(), which is called with the lock held
  core::EndpointId endpoint_ = 0;
  std::uint16_t port_ = 0;
  Inbox inbox_;
  std::map<AssociationId, AssociationChanged::What> changes_;
  bool stop_ = false;
  link::Descriptor readable_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

// A server program whose thread echoes.
struct EchoServer {
  explicit EchoServer(std::uint16_t udp_port = 0) : program(udp_port) {
    program.open();
    thread = std::thread([this] { program.echo(); });
  }
  ~EchoServer() {
    program.stop();
    thread.join();
  }
  Program program;
  std::thread thread;
};

TEST(Engine, IsDestroyedWithoutEverHavingDoneAnything) {
  Program program;
  EXPECT_NE(program.engine().description().find("UDP port"), std::string::npos);
}

TEST(Engine, IsDestroyedWhileTheBackgroundThreadSleeps) {
  Program program;
  program.open();
}

TEST(Engine, ATakenUdpPortIsReported) {
  const link::Descriptor stranger(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage name{};
  name.ss_family = AF_INET;
  socklen_t length = sizeof(sockaddr_in);
  ASSERT_EQ(::bind(stranger.number(), reinterpret_cast<sockaddr*>(&name), length), 0);
  ASSERT_EQ(::getsockname(stranger.number(), reinterpret_cast<sockaddr*>(&name), &length), 0);
  struct Nowhere final : EventSink {
    void on_event(core::Event&&) noexcept override {}
  } sink;
  EngineConfig config;
  config.udp_port = ntohs(reinterpret_cast<sockaddr_in&>(name).sin_port);
  EXPECT_EQ(Engine::create(config, sink).error(), std::errc::address_in_use);
}

TEST(Engine, APortIsClaimedOncePerHost) {
  Program a;
  a.open(4711);
  Program b(a.udp_port());
  auto session = b.engine().session();
  EXPECT_EQ(b.engine().claim_port(4711, std::vector{Program::loopback()}, false, false).error(),
            std::errc::address_in_use);
  EXPECT_EQ(b.engine().claim_port(4711, {}, true, false).error(), std::errc::address_in_use);
}

TEST(Engine, MessagesGoBothWays) {
  EchoServer server;
  Program client;
  client.open();
  const AssociationId id = client.connect(server.program.port(), server.program.udp_port());
  for (int i = 0; i < 500; ++i) {
    const std::string text = "message " + std::to_string(i);
    client.send(id, text);
    const auto answer = client.receive(id);
    ASSERT_TRUE(answer) << i;
    ASSERT_EQ(answer->second, text);
  }
}

TEST(Engine, ABurstArrivesWhole) {
  EchoServer server;
  Program client;
  client.open();
  const AssociationId id = client.connect(server.program.port(), server.program.udp_port());
  for (int i = 0; i < 100; ++i) client.send(id, std::string(1000, 'x') + std::to_string(i));
  for (int i = 0; i < 100; ++i) {
    const auto answer = client.receive(id);
    ASSERT_TRUE(answer) << i;
    ASSERT_EQ(answer->second.substr(1000), std::to_string(i));
  }
}

// Nobody calls the sender's engine any more: its background thread sends.
TEST(Engine, WhatWasPutOffIsSentAllTheSame) {
  EchoServer server;
  Program client;
  client.open();
  const AssociationId id = client.connect(server.program.port(), server.program.udp_port());
  client.send_later(id, "later", 1);
  pollfd answered{client.readable(), POLLIN, 0};
  std::uint64_t events = 0;
  ASSERT_GT(::read(client.readable(), &events, sizeof events), 0);  // of the setup
  EXPECT_EQ(::poll(&answered, 1, 10'000), 1);
  EXPECT_EQ(client.receive(id)->second, "later");
}

TEST(Engine, MuchIsNotPutOff) {
  EchoServer server;
  Program client;
  client.open();
  const AssociationId id = client.connect(server.program.port(), server.program.udp_port());
  client.send_later(id, "now", Engine::kPutOffBytes);
  EXPECT_EQ(client.chunks_sent(), 1U);
}

TEST(Engine, WaitEndsAtItsDeadline) {
  Program program;
  program.open();
  auto session = program.engine().session();
  const Time deadline = in(20ms);
  EXPECT_EQ(session.wait([] { return false; }, deadline), ETIMEDOUT);
  EXPECT_GE(session.now(), deadline);
  EXPECT_LT(session.now(), deadline + 5s);
  EXPECT_EQ(session.wait([] { return false; }, session.now() - 1s), ETIMEDOUT);
  EXPECT_EQ(session.wait([] { return true; }, session.now() - 1s), 0);
}

// How often the other thread of this process has gone to sleep.
std::size_t sleeps_of_the_other_thread() {
  std::size_t sleeps = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == std::to_string(::gettid())) continue;
    std::ifstream status(task.path() / "status");
    for (std::string word; status >> word;) {
      if (word != "voluntary_ctxt_switches:") continue;
      std::size_t count = 0;
      status >> count;
      sleeps += count;
    }
  }
  return sleeps;
}

TEST(Engine, AThreadThatWaitsAgainAndAgainLeavesTheBackgroundThreadAsleep) {
  Program program;
  program.open();
  constexpr int kWaits = 2000;
  const Time begun = Engine::clock_now();
  for (int i = 0; i < kWaits; ++i) {
    auto session = program.engine().session();
    session.wait([] { return false; }, in(20us));
  }
  // It looks each 2 ms at most, and is woken once for each time it slept without end.
  const auto looks = static_cast<std::size_t>((Engine::clock_now() - begun) / 2ms);
  EXPECT_LT(sleeps_of_the_other_thread(), 2 * looks + 100);
}

TEST(Engine, WaitWorksBeforeAnythingIsClaimed) {
  Program program;
  auto session = program.engine().session();
  EXPECT_EQ(session.wait([] { return false; }, in(5ms)), ETIMEDOUT);
}

TEST(Engine, AnotherSessionsChangeWakesTheDriverAndTheOthers) {
  Program program;
  program.open();
  bool done = false;
  std::atomic<int> ready = 0;
  std::atomic<int> woken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&] {
      auto session = program.engine().session();
      ++ready;
      if (session.wait([&] { return done; }, in(kPatience)) == 0) ++woken;
    });
  }
  while (ready != 5) std::this_thread::yield();
  {
    auto session = program.engine().session();
    done = true;
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(woken, 5);
}

TEST(Engine, ASignalInterruptsWait) {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  Program program;
  program.open();
  // The first is the driver, the second waits beside it.
  std::array<std::atomic<int>, 2> results{-1, -1};
  std::vector<std::thread> threads;
  for (std::atomic<int>& result : results) {
    threads.emplace_back([&] {
      auto session = program.engine().session();
      result = session.wait([] { return false; }, in(kPatience));
    });
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    while (results[i] == -1) {
      ::pthread_kill(threads[i].native_handle(), SIGUSR1);
      std::this_thread::yield();
    }
    threads[i].join();
    EXPECT_EQ(results[i], EINTR);
  }
  ASSERT_EQ(::sigaction(SIGUSR1, &before, nullptr), 0);
}

TEST(Engine, ManyThreadsOfOneEngineEachGetTheirOwn) {
  Program client;
  client.open();
  constexpr int kThreads = 6;
  std::vector<AssociationId> ids;
  std::deque<EchoServer> servers(kThreads);
  for (EchoServer& one : servers) ids.push_back(client.connect(one.program.port(), one.program.udp_port()));
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (const AssociationId id : ids) {
    threads.emplace_back([&, id] {
      for (int i = 0; i < 100; ++i) {
        const std::string text = std::to_string(id) + ":" + std::to_string(i);
        client.send(id, text);
        const auto answer = client.receive(id);
        if (answer && answer->second == text) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, kThreads * 100);
}

// Sleeps in poll on the program's eventfd, as an event loop would.
template <typename Condition>
bool poll_until(Program& program, Condition condition) {
  const Time deadline = in(kPatience);
  for (;;) {
    std::uint64_t count = 0;
    if (::read(program.readable(), &count, sizeof count) < 0 && errno != EAGAIN) return false;
    if (condition()) return true;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Engine::clock_now());
    pollfd entry{program.readable(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&entry, 1, static_cast<int>(left.count())) < 0) return condition();
  }
}

TEST(Engine, ProgramsThatNeverBlockAreServedByTheBackgroundThread) {
  EchoServer server;
  Program client;
  client.open();
  const AssociationId id = client.start_connect(server.program.port(), server.program.udp_port());
  ASSERT_TRUE(poll_until(client, [&] { return client.changed(id, AssociationChanged::What::kUp); }));
  for (int i = 0; i < 100; ++i) {
    client.send(id, std::to_string(i));
    std::optional<std::pair<AssociationId, std::string>> answer;
    ASSERT_TRUE(poll_until(client, [&] { return (answer = client.receive_at_once()).has_value(); }));
    ASSERT_EQ(answer->second, std::to_string(i));
  }
}

TEST(Engine, BlockingAndPollingMayTakeTurns) {
  EchoServer server;
  Program client;
  client.open();
  const AssociationId id = client.connect(server.program.port(), server.program.udp_port());
  for (int i = 0; i < 100; ++i) {
    client.send(id, "blocking");
    ASSERT_TRUE(client.receive(id));
    client.send(id, "polling");
    ASSERT_TRUE(poll_until(client, [&] { return client.receive_at_once().has_value(); })) << i;
  }
}

TEST(Engine, TimersAreServedWhileNobodyWaits) {
  Program client;
  client.open(0, 20ms, 0);
  Program silent;  // has no port claimed: nothing answers at its UDP port
  const AssociationId id = client.start_connect(7, silent.udp_port());
  EXPECT_TRUE(poll_until(client, [&] { return client.changed(id, AssociationChanged::What::kCannotStart); }));
}

TEST(Engine, TimersAreServedByADriver) {
  Program client;
  client.open(0, 20ms, 0);
  Program silent;
  auto id = client.start_connect(7, silent.udp_port());
  auto session = client.engine().session();
  const auto failed = [&] { return !session.stack().exists(id); };
  EXPECT_EQ(session.wait(failed, in(kPatience)), 0);
}

// Each child is a process with an engine on the same UDP port; the kernel gives all packets to some of them.
TEST(Engine, ProcessesShareOneUdpPort) {
  std::uint16_t udp_port = 0;
  {
    Program probe;
    udp_port = probe.udp_port();
  }
  constexpr int kChildren = 3;
  std::vector<pid_t> children;
  std::vector<std::pair<link::Descriptor, std::uint16_t>> servers;
  for (int i = 0; i < kChildren; ++i) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      servers.clear();
      {
        EchoServer server(udp_port);
        const std::uint16_t port = server.program.port();
        char end = 0;
        if (::write(ends[1], &port, sizeof port) < 0 || ::read(ends[1], &end, 1) != 0) ::_exit(1);
      }
      ::_exit(0);
    }
    ::close(ends[1]);
    children.push_back(child);
    servers.emplace_back(link::Descriptor(ends[0]), std::uint16_t{0});
    ASSERT_EQ(::read(ends[0], &servers.back().second, 2), 2);
  }
  {
    Program client(udp_port);
    client.open();
    std::vector<AssociationId> ids;
    for (const auto& [end, port] : servers) ids.push_back(client.connect(port, udp_port));
    for (int i = 0; i < 200; ++i) {
      const AssociationId id = ids[static_cast<std::size_t>(i) % ids.size()];
      client.send(id, std::to_string(i));
      const auto answer = client.receive(id);
      ASSERT_TRUE(answer) << i;
      ASSERT_EQ(answer->second, std::to_string(i));
    }
  }
  servers.clear();
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
}

}  // namespace
}  // namespace netsctp::engine
