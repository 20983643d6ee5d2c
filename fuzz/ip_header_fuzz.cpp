// Any bytes as what a raw IPv4 socket received: nothing beyond them is promised, and what is stripped is an IPv4
// header.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "link/ip_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto stripped = netsctp::link::strip_ipv4(bytes);
  if (!stripped) return 0;
  const bool is_sound = stripped->offset >= 20 && stripped->offset <= 60 && stripped->length <= size &&
                        stripped->offset <= size - stripped->length && data[0] >> 4 == 4 &&
                        data[9] == netsctp::link::kProtocolSctp && stripped->from.is_v4() && stripped->to.is_v4();
  if (!is_sound) std::abort();
  return 0;
}
