// Cutting received buffers into packets.
#include "link/batches.hpp"

#include <algorithm>
#include <utility>

namespace netsctp::link {
namespace {

// Copying so much costs less than a microsecond; handing over 64 KiB for less would make pinned memory of payload x 8
// or more.
constexpr std::size_t kCopyLimit = 8192;

}  // namespace

void cut(BufferPool& pool, Slice& buffer, std::size_t offset, std::size_t length, std::size_t segment_size,
         const Address& from, const IpAddress& to, std::vector<Datagram>& out) noexcept {
  if (length == 0) return;
  Slice whole;
  if (length <= kCopyLimit) whole = pool.copy(buffer.bytes().subspan(offset, length));
  if (!whole) {
    whole = buffer.subslice(offset, length);
    buffer.reset();
  }
  if (segment_size == 0 || segment_size >= length) {
    out.push_back({from, to, std::move(whole)});
    return;
  }
  for (std::size_t at = 0; at < length; at += segment_size)
    out.push_back({from, to, whole.subslice(at, std::min(segment_size, length - at))});
}

}  // namespace netsctp::link
