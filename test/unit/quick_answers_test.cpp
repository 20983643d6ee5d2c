// When a thread looks for a packet before it sleeps.
#include <gtest/gtest.h>

#include "engine/quick_answers.hpp"

namespace netsctp::engine {
namespace {

using namespace std::chrono_literals;

// A wait of so long; whether the thread looked.
bool wait(QuickAnswers& answers, Duration time) {
  const bool looked = answers.expected();
  answers.waited(time, looked);
  return looked;
}

TEST(QuickAnswers, AFewShortWaitsMakeItLook) {
  QuickAnswers answers(2);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(wait(answers, 30us));
  EXPECT_TRUE(wait(answers, 10us));
  EXPECT_TRUE(wait(answers, 10us));
}

TEST(QuickAnswers, ALongWaitEndsIt) {
  QuickAnswers answers(2);
  for (int i = 0; i < 10; ++i) wait(answers, 30us);
  EXPECT_TRUE(wait(answers, 1ms));
  EXPECT_FALSE(wait(answers, 30us));
}

TEST(QuickAnswers, AfterManyShortWaitsOneLongOneIsForgivenButNotSeveral) {
  QuickAnswers answers(2);
  for (int i = 0; i < 1000; ++i) wait(answers, 20us);
  EXPECT_TRUE(wait(answers, 1ms));
  EXPECT_TRUE(wait(answers, 20us));
  int looks = 0;
  for (int i = 0; i < 1000; ++i) looks += wait(answers, 1ms) ? 1 : 0;
  EXPECT_LE(looks, 6);
}

TEST(QuickAnswers, AnswersThatAreSometimesLateCostEverFewerLooks) {
  QuickAnswers answers(2);
  int looks = 0;
  for (int i = 0; i < 10'000; ++i) {
    const bool looked = answers.expected();
    answers.waited(looked ? 1ms : 30us, looked);
    looks += looked ? 1 : 0;
  }
  EXPECT_LT(looks, 60);
}

TEST(QuickAnswers, OneSuccessIsEnoughToTrustAgain) {
  QuickAnswers answers(2);
  for (int i = 0; i < 100; ++i) {
    const bool looked = answers.expected();
    answers.waited(looked ? 1ms : 30us, looked);
  }
  while (!answers.expected()) wait(answers, 30us);
  wait(answers, 10us);
  wait(answers, 1ms);
  for (int i = 0; i < 9; ++i) wait(answers, 30us);
  EXPECT_TRUE(answers.expected());
}

TEST(QuickAnswers, WhatOnlyTheWakeUpsMadeLongCountsAsShortUntilItLooks) {
  QuickAnswers answers(2);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(wait(answers, 90us));
  EXPECT_TRUE(wait(answers, 90us));  // it looked, and that was not enough
  for (int i = 0; i < 6; ++i) EXPECT_FALSE(wait(answers, 90us));
}

TEST(QuickAnswers, LongAndShortWaitsByTurnsAreNeverWorthALook) {
  QuickAnswers answers(2);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(wait(answers, i % 2 == 0 ? 5ms : 20us));
}

TEST(QuickAnswers, WhereMoreThreadsWaitThanThereAreOtherCpusItDoesNotLook) {
  QuickAnswers answers(4);
  for (int i = 0; i < 4; ++i) wait(answers, 30us);
  EXPECT_TRUE(answers.expected(3));
  EXPECT_FALSE(answers.expected(4));
}

TEST(QuickAnswers, OnASingleCpuItNeverLooks) {
  QuickAnswers answers(1);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(wait(answers, 10us));
}

}  // namespace
}  // namespace netsctp::engine
