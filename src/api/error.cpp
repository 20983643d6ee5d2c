// Errors of the C++ API: throwing, and the category of host name lookups.
#include <netdb.h>
#include <net/sctp/error.hpp>

#include <string>

namespace net::sctp {
namespace {

class ResolverCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "resolver"; }
  [[nodiscard]] std::string message(int value) const override { return gai_strerror(value); }
};

}  // namespace

const std::error_category& resolver_category() noexcept {
  static const ResolverCategory category;
  return category;
}

void throw_if(const std::error_code& error, std::string_view what) {
  if (error) throw std::system_error(error, std::string(what));
}

}  // namespace net::sctp
