// What the wire tests share: packets and chunks written down byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "wire/packet.hpp"

namespace netsctp::wire {

using ByteVector = std::vector<std::byte>;

inline ByteVector bytes_of(std::initializer_list<unsigned> numbers) {
  ByteVector bytes;
  for (const unsigned number : numbers) bytes.push_back(static_cast<std::byte>(number));
  return bytes;
}

inline ByteVector vector_of(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

// A copy that ends where its heap block ends, so that AddressSanitizer sees a read beyond it.
class Exact {
 public:
  explicit Exact(Bytes bytes) : bytes_(new std::byte[bytes.size()]), size_(bytes.size()) {
    for (std::size_t i = 0; i < size_; ++i) bytes_[i] = bytes[i];
  }
  Exact(const Exact&) = delete;
  Exact& operator=(const Exact&) = delete;
  ~Exact() { delete[] bytes_; }
  [[nodiscard]] Bytes view() const { return {bytes_, size_}; }

 private:
  std::byte* bytes_;
  std::size_t size_;
};

}  // namespace netsctp::wire
