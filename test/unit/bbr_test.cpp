// BBR's model and states on a bottleneck in virtual time: the cases of draft-ietf-ccwg-bbr-06 appendix A, and the
// bounds of its answer to losses.
#include "core/bbr.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <vector>

#include "core/congestion.hpp"

namespace netsctp::core {
namespace {

using namespace std::chrono_literals;
using State = Bbr::State;

constexpr std::size_t kSmss = 1000;
constexpr Time kBegin = Time{} + 1000s;

// One flow of full packets through one queue. What is lost is known when the packet after it arrives, and new data goes
// instead.
class Bottleneck {
 public:
  double rate = 10e6;          // bytes a second
  Duration round_trip = 50ms;  // without the queue
  std::size_t queue = 2'000'000;
  unsigned lose_every = 0;  // each so many-th packet; 0: none
  double application = 0;   // bytes a second it gives; 0: all there is room for
  Time now = kBegin;
  Bbr bbr{10 * kSmss, 50ms, kSmss, 1, kBegin};

  // States in the order entered, with the times.
  struct Entered {
    State state;
    Time at;
  };
  std::vector<Entered> entered{{State::kStartup, kBegin}};
  std::uint64_t delivered = 0;
  std::size_t in_flight = 0;

  void run(Duration duration) {
    run_until([] { return false; }, duration);
  }
  bool run_until(const std::function<bool()>& predicate, Duration limit) {
    for (const Time end = now + limit; now < end;) {
      if (predicate()) return true;
      step(end);
    }
    return predicate();
  }
  bool run_until(State state, Duration limit = 60s) {
    return run_until([&] { return bbr.state() == state; }, limit);
  }
  void pause(Duration duration) {
    while (!flight_.empty()) arrive();
    now += duration;
    given_ = now;
    bbr.nothing_to_send(0);
  }
  // T3-rtx: nothing of what is on its way arrives.
  void time_out() {
    const std::size_t lost = in_flight;
    flight_.clear();
    in_flight = 0;
    bbr.timed_out(lost, {0, kSmss, now});
  }
  [[nodiscard]] Duration queueing_delay() const { return std::max(free_at_ - now, Duration::zero()); }
  [[nodiscard]] std::size_t bdp() const {
    return static_cast<std::size_t>(rate * std::chrono::duration<double>(round_trip).count());
  }

 private:
  struct Packet {
    Tsn tsn;
    Time sent_at;
    Time answer_at;
    bool lost;
  };

  static Duration time_of(double bytes, double rate) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(bytes / rate));
  }
  [[nodiscard]] bool has_data() const { return application == 0 || given_ <= now; }

  void step(Time end) {
    const Time answer = flight_.empty() ? kNever : flight_.front().answer_at;
    if (in_flight < bbr.window()) {
      Time send = bbr.pacer().may_send(now) ? now : bbr.pacer().next_send();
      if (!has_data()) {
        bbr.nothing_to_send(in_flight);
        send = std::max(send, given_);
      }
      if (send <= answer) {
        now = std::min(send, end);
        if (now < end && has_data()) transmit();
        return;
      }
    }
    now = std::min(answer, end);
    if (now == answer) arrive();
  }
  void transmit() {
    bbr.sent(chunks_.at(next_), kSmss, {in_flight, kSmss, now});
    in_flight += kSmss;
    if (application != 0) given_ += time_of(kSmss, application);
    const auto waiting = static_cast<std::size_t>(std::chrono::duration<double>(queueing_delay()).count() * rate);
    const bool lost = waiting > queue || (lose_every != 0 && next_.value % lose_every == 0);
    if (!lost) free_at_ = std::max(free_at_, now) + time_of(kSmss, rate);
    flight_.push_back({next_, now, std::max(free_at_, now) + round_trip, lost});
    next_ = next_ + 1;
  }
  void arrive() {
    const Packet packet = flight_.front();
    flight_.pop_front();
    now = std::max(now, packet.answer_at);
    in_flight -= kSmss;
    if (packet.lost) {
      bbr.lost(*chunks_.find(packet.tsn), packet.tsn, kSmss, now);
      bbr.recovery_begins();
      recovery_ends_ = next_;
    } else {
      bbr.acknowledged(*chunks_.find(packet.tsn), packet.tsn, packet.sent_at, kSmss, false, now);
      delivered += kSmss;
      bbr.updated({in_flight, kSmss, now});
      if (packet.tsn >= recovery_ends_) bbr.recovered();
    }
    chunks_.forget_below(packet.tsn + 1);
    if (bbr.state() != entered.back().state) entered.push_back({bbr.state(), now});
  }

  SentChunks chunks_;
  std::deque<Packet> flight_;
  Tsn next_ = Tsn::initial(1);
  Tsn recovery_ends_;
  Time free_at_{};
  Time given_ = kBegin;
};

TEST(Bbr, StartupReachesTheRateAndEndsOnAPlateau_A_1) {
  Bottleneck path;
  ASSERT_TRUE(path.run_until(State::kDrain, 2s));
  EXPECT_NEAR(path.bbr.max_bw(), path.rate, 0.02 * path.rate);
  EXPECT_TRUE(path.bbr.full_bw_reached());
  EXPECT_LE(path.now - kBegin, 20 * path.round_trip);
  EXPECT_EQ(path.bbr.inflight_longterm(), Bbr::kNoLimit);
}

TEST(Bbr, DrainEndsOnceTheQueueIsGone_A_3) {
  Bottleneck path;
  ASSERT_TRUE(path.run_until(State::kDrain, 2s));
  EXPECT_GT(path.queueing_delay(), 10ms);
  ASSERT_TRUE(path.run_until(State::kProbeBwCruise, 500ms));  // through DOWN at once
  EXPECT_LE(path.queueing_delay(), 5ms);
  EXPECT_LE(path.in_flight, path.bdp() + 200 * kSmss);
}

TEST(Bbr, DrainEndsAfterThreeRoundTripsAnyway_A_4) {
  Bottleneck path;
  ASSERT_TRUE(path.run_until(State::kDrain, 2s));
  path.rate *= 0.3;
  ASSERT_TRUE(path.run_until([&] { return path.bbr.state() != State::kDrain; }, 2s));
}

TEST(Bbr, ItCruisesAtTheRateWithoutAQueue_5_3_3) {
  Bottleneck path;
  path.run(2s);
  const std::uint64_t before = path.delivered;
  Duration longest{};
  for (int i = 0; i < 250; ++i) {
    path.run(10ms);
    if (path.bbr.state() == State::kProbeBwCruise) longest = std::max(longest, path.queueing_delay());
  }
  EXPECT_GE(static_cast<double>(path.delivered - before) / 2.5, 0.94 * path.rate);
  EXPECT_LE(longest, 15ms);
}

TEST(Bbr, TheCyclePassesThroughItsFourStates_5_3_3) {
  Bottleneck path;
  ASSERT_TRUE(path.run_until(State::kProbeBwUp));
  ASSERT_TRUE(path.run_until(State::kProbeBwCruise));
  std::vector<State> order;
  for (const auto& one : path.entered) order.push_back(one.state);
  // The queue is gone when Drain ends, so there is nothing to do in DOWN.
  EXPECT_EQ(order, (std::vector{State::kStartup, State::kDrain, State::kProbeBwCruise, State::kProbeBwRefill,
                                State::kProbeBwUp, State::kProbeBwDown, State::kProbeBwCruise}));
  // §5.3.3.8.2: two to three seconds, or 63 round trips.
  const Duration wait = path.entered[3].at - path.entered[2].at;
  EXPECT_GE(wait, 2s);
  EXPECT_LE(wait, 3100ms);
}

TEST(Bbr, ProbeRttComesEveryFiveSecondsAndLastsAFifth_A_10) {
  Bottleneck path;
  path.run(40s);
  std::vector<Time> begins;
  for (std::size_t i = 0; i + 1 < path.entered.size(); ++i) {
    if (path.entered[i].state != State::kProbeRtt) continue;
    begins.push_back(path.entered[i].at);
    const Duration lasted = path.entered[i + 1].at - path.entered[i].at;
    EXPECT_GE(lasted, 200ms);
    EXPECT_LE(lasted, 200ms + 3 * path.round_trip);
    EXPECT_EQ(path.entered[i + 1].state, State::kProbeBwCruise);
  }
  ASSERT_GE(begins.size(), 6U);
  for (std::size_t i = 1; i < begins.size(); ++i) {
    EXPECT_GE(begins[i] - begins[i - 1], 5s);
    EXPECT_LE(begins[i] - begins[i - 1], 8s);  // later, if the round trip became shorter between
  }
}

TEST(Bbr, ProbeRttHalvesWhatIsInFlight_5_3_4) {
  Bottleneck path;
  ASSERT_TRUE(path.run_until(State::kProbeRtt));
  path.run(100ms);
  EXPECT_EQ(path.bbr.state(), State::kProbeRtt);
  EXPECT_NEAR(static_cast<double>(path.in_flight), static_cast<double>(path.bdp()) / 2,
              0.1 * static_cast<double>(path.bdp()));
  EXPECT_LE(path.queueing_delay(), 1ms);
}

TEST(Bbr, AnIdlePathNeedsNoProbeRtt_A_11) {
  Bottleneck path;
  path.run(4s);
  const std::size_t before = path.entered.size();
  const std::size_t window = path.bbr.window();
  path.pause(6s);
  EXPECT_EQ(path.bbr.window(), window);  // §5.4.1: it does not decay
  path.run(1s);
  for (std::size_t i = before; i < path.entered.size(); ++i) EXPECT_NE(path.entered[i].state, State::kProbeRtt);
}

TEST(Bbr, AProbeRttInStartupGoesBackToStartup_A_20) {
  Bottleneck path;
  path.application = 1e5;  // never enough
  ASSERT_TRUE(path.run_until(State::kProbeRtt, 10s));
  ASSERT_TRUE(path.run_until(State::kStartup, 2s));
}

TEST(Bbr, AnApplicationThatGivesLittleDoesNotEndStartup_A_7) {
  Bottleneck path;
  path.application = 1e6;
  path.run(4s);
  EXPECT_EQ(path.bbr.state(), State::kStartup);
  path.application = 0;
  ASSERT_TRUE(path.run_until([&] { return path.bbr.full_bw_reached(); }, 3s));
  EXPECT_NEAR(path.bbr.max_bw(), path.rate, 0.05 * path.rate);
}

TEST(Bbr, ManyLossesEndStartup_A_2) {
  Bottleneck path;
  path.queue = 30'000;
  path.lose_every = 20;
  ASSERT_TRUE(path.run_until(State::kDrain, 3s));
  EXPECT_NE(path.bbr.inflight_longterm(), Bbr::kNoLimit);
  EXPECT_GE(path.bbr.inflight_longterm(), static_cast<std::size_t>(path.bbr.bw() * 0.05));
}

TEST(Bbr, ALossWhileCruisingTakesThreeTenthsAtMostARoundTrip_5_5_10_3) {
  Bottleneck path;
  ASSERT_TRUE(path.run_until(State::kProbeBwCruise));
  EXPECT_EQ(path.bbr.bw_shortterm(), Bbr::kNoRate);
  path.rate *= 0.1;  // A.16
  path.queue = 20'000;
  double before = path.bbr.bw();
  while (path.bbr.state() == State::kProbeBwCruise) {
    path.run(5ms);
    if (path.bbr.state() != State::kProbeBwCruise) break;
    EXPECT_GE(path.bbr.bw(), 0.7 * before - 1);
    before = path.bbr.bw();
  }
  ASSERT_NE(path.bbr.state(), State::kProbeBwCruise);
  EXPECT_LE(before, 0.2 * 10e6);
}

TEST(Bbr, RandomLossLeavesMostOfTheRate_2_8) {
  Bottleneck path;
  path.lose_every = 100;  // below LossThresh
  path.run(2s);
  const std::uint64_t before = path.delivered;
  path.run(10s);
  EXPECT_GE(static_cast<double>(path.delivered - before) / 10, 0.7 * path.rate);
}

TEST(Bbr, AProbeThatLosesTooMuchEndsAndIsRemembered_A_21) {
  Bottleneck path;
  path.queue = 100'000;  // a fifth of the bandwidth-delay product
  ASSERT_TRUE(path.run_until([&] { return path.bbr.inflight_longterm() != Bbr::kNoLimit; }, 60s));
  EXPECT_GE(path.bbr.inflight_longterm(), static_cast<std::size_t>(0.7 * static_cast<double>(path.bdp())) - kSmss);
  path.run(20s);
  EXPECT_GE(path.bbr.inflight_longterm(), path.bdp() * 7 / 10);
  EXPECT_LE(path.bbr.inflight_longterm(), path.bdp() + 2 * path.queue);
  const std::uint64_t before = path.delivered;
  path.run(10s);
  EXPECT_GE(static_cast<double>(path.delivered - before) / 10, 0.8 * path.rate);
}

TEST(Bbr, FourPacketsAreTheLeast_A_14) {
  Bottleneck path;
  path.rate = 20'000;  // 20 packets a second
  path.round_trip = 10ms;
  path.run(30s);
  EXPECT_GE(path.bbr.window(), 4 * kSmss);
  EXPECT_LE(path.bbr.window(), 12 * kSmss);
  EXPECT_GE(static_cast<double>(path.delivered) / 30, 0.85 * path.rate);
}

TEST(Bbr, ATenfoldRateIsFound_A_15) {
  Bottleneck path;
  path.rate = 1e6;
  path.run(3s);
  path.rate = 10e6;
  path.run(15s);
  EXPECT_GE(path.bbr.max_bw(), 9e6);
}

TEST(Bbr, ATenthOfTheRateIsFound_A_16) {
  Bottleneck path;
  path.queue = 200'000;
  path.run(3s);
  path.rate = 1e6;
  path.run(25s);
  EXPECT_LE(path.bbr.max_bw(), 1.3e6);
  EXPECT_GE(path.bbr.max_bw(), 0.9e6);
}

TEST(Bbr, ATimeoutLeavesOnePacketUntilItIsRepaired_5_6_4_4) {
  Bottleneck path;
  path.run(3s);
  const std::size_t before = path.bbr.window();
  path.time_out();
  EXPECT_EQ(path.bbr.window(), kSmss);
  path.run(3 * path.round_trip);
  EXPECT_LT(path.bbr.window(), before);
  path.run(1s);
  EXPECT_GE(path.bbr.window(), path.bdp());
}

TEST(Bbr, TheTimeBetweenProbesIsRandomAndOfTheSeed_5_3_3_8) {
  const auto probes = [](std::uint64_t seed) {
    Bottleneck path;
    path.bbr = Bbr(10 * kSmss, 50ms, kSmss, seed, kBegin);
    (void)path.run_until(State::kProbeBwRefill);
    return path.now;
  };
  EXPECT_EQ(probes(1), probes(1));
  EXPECT_NE(probes(1), probes(2));
}

TEST(Bbr, WithoutARoundTripTimeTheFirstOneSetsThePace_5_6_2) {
  Bottleneck path;
  path.bbr = Bbr(10 * kSmss, Duration::zero(), kSmss, 1, kBegin);
  EXPECT_GT(path.bbr.pacer().rate(), 20e6);
  path.run(path.round_trip + 10ms);
  EXPECT_LT(path.bbr.pacer().rate(), 1e6);
}

TEST(Bbr, AcknowledgementsInBatchesMakeTheWindowLarger_A_12) {
  Bbr bbr(100 * kSmss, 50ms, kSmss, 1, kBegin);
  SentChunks chunks;
  Tsn tsn = Tsn::initial(1);
  Time now = kBegin;
  for (int round = 0; round < 20; ++round, now += 50ms) {
    const Tsn first = tsn;
    for (std::size_t i = 0; i < 100; ++i, tsn = tsn + 1) bbr.sent(chunks.at(tsn), kSmss, {i * kSmss, kSmss, now});
    for (Tsn one = first; one < tsn; one = one + 1)
      bbr.acknowledged(*chunks.find(one), one, now, kSmss, false, now + 50ms);
    bbr.updated({0, kSmss, now + 50ms});
  }
  const double bdp = bbr.max_bw() * 0.05;
  EXPECT_GT(static_cast<double>(bbr.window()), 2.2 * bdp);
}

TEST(Pacer, AQuantumGoesAtOnceThenItsTimePasses_5_6_2) {
  Pacer pacer;
  pacer.set(1e6, 4000);
  Time now = kBegin;
  while (pacer.may_send(now)) pacer.sent(1000, now);  // after a pause it may be two
  now = pacer.next_send();
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(pacer.may_send(now)) << i;
    pacer.sent(1000, now);
  }
  EXPECT_FALSE(pacer.may_send(now));
  EXPECT_EQ(pacer.next_send(), now + 4ms);
  EXPECT_FALSE(pacer.may_send(now + 4ms - 1ns));
  EXPECT_TRUE(pacer.may_send(now + 4ms));
}

TEST(Pacer, WhoIsWokenLateKeepsTheRate_5_6_2) {
  Pacer pacer;
  pacer.set(1e6, 4000);
  Time now = kBegin;
  std::size_t sent = 0;
  while (now < kBegin + 1s) {
    while (pacer.may_send(now)) {
      pacer.sent(1000, now);
      sent += 1000;
    }
    now = pacer.next_send() + 500us;
  }
  EXPECT_NEAR(static_cast<double>(sent), 1e6, 2e4);
  // But no more than a quantum is made up for.
  now += 100s;
  sent = 0;
  while (pacer.may_send(now) || pacer.next_send() <= now + 1us) {
    pacer.sent(1000, now);
    sent += 1000;
  }
  EXPECT_LE(sent, 9000U);
}

TEST(Congestion, FollowsBbrsWindowUntilAnotherControlIsSelected) {
  Congestion congestion;
  congestion.initialize(kSmss, true);
  congestion.select(CongestionControl::kBbr);
  congestion.follow(50'000);
  congestion.lost(kSmss);
  congestion.timed_out(kSmss);
  congestion.idle(10s, 1s, kSmss);
  congestion.acknowledged({.bytes = 2000, .packets = 2, .fully_used = true}, kSmss);
  EXPECT_EQ(congestion.window(), 50'000U);
  congestion.select(CongestionControl::kRfc9260);
  EXPECT_EQ(congestion.slow_start_threshold(), 50'000U);  // it goes on from there
  congestion.lost(kSmss);
  EXPECT_EQ(congestion.window(), 25'000U);
}

}  // namespace
}  // namespace netsctp::core
