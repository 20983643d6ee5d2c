// Results of the seam (a value, or -errno) as std::error_code.
#pragma once

#include <cerrno>
#include <system_error>

namespace net::sctp {

[[nodiscard]] inline std::error_code errno_code(int number) noexcept {
  return {number, std::generic_category()};
}

// Keeps the seam's result as an error if it is one; true if it is none.
template <typename Integer>
bool succeeded(Integer result, std::error_code& error) noexcept {
  if (result >= 0) {
    error.clear();
    return true;
  }
  error = errno_code(static_cast<int>(-result));
  return false;
}

}  // namespace net::sctp
