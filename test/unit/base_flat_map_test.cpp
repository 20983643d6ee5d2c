// FlatMap against std::unordered_map, and SeededHash against published values.
#include "base/flat_map.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>

#include "base/hash.hpp"

namespace netsctp {
namespace {

struct IdentityHash {  // long probe sequences on purpose
  std::uint64_t operator()(std::uint64_t value) const noexcept { return value & 0x1f; }
};

template <class Hash>
void compare_with_unordered_map(Hash hash, std::uint64_t keys) {
  std::mt19937_64 random(6);
  FlatMap<std::uint64_t, std::unique_ptr<int>, Hash> map(hash);
  std::unordered_map<std::uint64_t, int> model;
  for (int step = 0; step < 100'000; ++step) {
    const std::uint64_t key = random() % keys;
    switch (random() % 3) {
      case 0: {
        const auto [value, inserted] = map.insert(key, std::make_unique<int>(step));
        ASSERT_EQ(inserted, model.emplace(key, step).second);
        ASSERT_EQ(**value, model[key]);
        break;
      }
      case 1:
        ASSERT_EQ(map.erase(key), model.erase(key) == 1);
        break;
      default: {
        const auto* value = map.find(key);
        const auto found = model.find(key);
        ASSERT_EQ(value != nullptr, found != model.end());
        if (value != nullptr) {
          ASSERT_EQ(**value, found->second);
        }
      }
    }
    ASSERT_EQ(map.size(), model.size());
  }
  std::size_t visited = 0;
  map.for_each([&](std::uint64_t key, std::unique_ptr<int>& value) {
    ++visited;
    EXPECT_EQ(model.at(key), *value);
  });
  EXPECT_EQ(visited, model.size());
  map.clear();
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.find(1), nullptr);
}

TEST(FlatMap, BehavesLikeAnUnorderedMap) {
  compare_with_unordered_map(SeededHash(1, 2), 2000);
}
TEST(FlatMap, StaysRightWhenEverythingCollides) {
  compare_with_unordered_map(IdentityHash{}, 200);
}

TEST(FlatMap, EmptyMapsFindAndEraseNothing) {
  FlatMap<Address, int, SeededHash> map(SeededHash(1, 2));
  EXPECT_EQ(map.find(Address{}), nullptr);
  EXPECT_FALSE(map.erase(Address{}));
  EXPECT_FALSE(map.contains(Address{}));
  map.clear();
}

TEST(FlatMap, ReservedRoomIsNotOutgrown) {
  FlatMap<std::uint64_t, int, SeededHash> map(SeededHash(1, 2));
  map.reserve(1000);
  const int* const value = map.insert(0, 42).first;
  for (std::uint64_t i = 1; i < 1000; ++i) map.insert(i, 0);
  EXPECT_EQ(map.find(0), value);
}

TEST(SeededHash, IsSipHash13) {
  // Published test vectors: key 00 01 .. 0f, messages that are the beginnings of 00 01 02 ...
  const SeededHash hash(0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL);
  std::array<std::byte, 16> message{};
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::byte>(i);
  EXPECT_EQ(hash(std::span<const std::byte>()), 0xabac0158050fc4dcULL);
  EXPECT_EQ(hash(std::span<const std::byte>(message).first(1)), 0xc9f49bf37d57ca93ULL);
  EXPECT_EQ(hash(std::span<const std::byte>(message).first(8)), hash(std::uint64_t{0x0706050403020100ULL}));
}

TEST(SeededHash, TellsAddressesAndSeedsApart) {
  const SeededHash hash(1, 2);
  const Address address{*IpAddress::parse("fe80::1%1"), 9899};
  Address other = address;
  EXPECT_EQ(hash(address), hash(other));
  other.port = 9900;
  EXPECT_NE(hash(address), hash(other));
  other = address;
  other.ip.scope_id = 2;
  EXPECT_NE(hash(address), hash(other));
  EXPECT_NE(hash(*IpAddress::parse("0.0.0.0")), hash(*IpAddress::parse("::")));
  EXPECT_NE(hash(address), SeededHash(1, 3)(address));
}

}  // namespace
}  // namespace netsctp
