// getrandom(2) in batches, libcrypto where there is none.
#include "engine/entropy.hpp"

#include <openssl/rand.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace netsctp::engine {

void SystemEntropy::fill(std::span<std::byte> out) noexcept {
  while (!out.empty()) {
    if (left_ == 0) refill();
    const std::size_t size = std::min(left_, out.size());
    std::byte* const from = buffer_.data() + buffer_.size() - left_;
    std::memcpy(out.data(), from, size);
    ::explicit_bzero(from, size);  // what was handed out (tags, keys) is not to be found here later
    left_ -= size;
    out = out.subspan(size);
  }
}

void SystemEntropy::refill() noexcept {
  std::size_t have = 0;
  while (have < buffer_.size()) {
    const ssize_t got = ::getrandom(buffer_.data() + have, buffer_.size() - have, 0);
    if (got > 0) {
      have += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      // A kernel or filter without getrandom(2). Guessable tags (RFC 9260 §5.3.1) would be worse than no program.
      if (::RAND_bytes(reinterpret_cast<unsigned char*>(buffer_.data()), static_cast<int>(buffer_.size())) != 1)
        std::abort();
      break;
    }
  }
  left_ = buffer_.size();
}

}  // namespace netsctp::engine
