// A value or an error code; used where an exception may not be thrown.
#pragma once

#include <cassert>
#include <system_error>
#include <utility>
#include <variant>

namespace netsctp {

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(std::error_code error) : state_(std::in_place_index<1>, error) { assert(error); }
  Result(std::errc error) : Result(std::make_error_code(error)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] T& value() noexcept { return *std::get_if<0>(&state_); }
  [[nodiscard]] const T& value() const noexcept { return *std::get_if<0>(&state_); }
  T& operator*() noexcept { return value(); }
  T* operator->() noexcept { return &value(); }
  [[nodiscard]] std::error_code error() const noexcept { return ok() ? std::error_code{} : *std::get_if<1>(&state_); }

 private:
  std::variant<T, std::error_code> state_;
};

}  // namespace netsctp
