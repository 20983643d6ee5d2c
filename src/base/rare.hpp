// State that few of many objects ever need: made when it is first used, and a pointer until then.
#pragma once

#include <memory>
#include <utility>

namespace netsctp {

template <class T>
class Rare {
 public:
  [[nodiscard]] bool is_used() const noexcept { return value_ != nullptr; }
  // As it is, or as it would be made.
  [[nodiscard]] const T& read() const noexcept { return value_ ? *value_ : kUnused; }
  // Made from `arguments` if it is the first use.
  template <typename... Arguments>
  [[nodiscard]] T& use(Arguments&&... arguments) {
    if (!value_) value_ = std::make_unique<T>(std::forward<Arguments>(arguments)...);
    return *value_;
  }
  void reset() noexcept { value_.reset(); }

 private:
  inline static const T& kUnused = *new const T{};  // never destroyed: threads may outlive static objects

  std::unique_ptr<T> value_;
};

}  // namespace netsctp
