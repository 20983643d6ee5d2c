// What links do to a received buffer, whatever it came through: cut it into packets, and keep the memory in proportion.
#pragma once

#include <cstddef>
#include <vector>

#include "base/address.hpp"
#include "base/buffer_pool.hpp"
#include "base/datagram.hpp"

namespace netsctp::link {

// Receive buffers take what one UDP_GRO run or one IP datagram can hold; both are less than 64 KiB.
inline constexpr std::size_t kReceiveBufferSize = 65536;

// Appends the packets in the bytes [offset, offset + length) of `buffer` to `out`: one each `segment_size` bytes, the
// last may be shorter; segment_size 0: one packet. A small run is copied, so that it does not pin 64 KiB for the sake
// of a few bytes, and `buffer` stays with the caller; a large one takes `buffer` along and leaves it null.
void cut(BufferPool& pool, Slice& buffer, std::size_t offset, std::size_t length, std::size_t segment_size,
         const Address& from, const IpAddress& to, std::vector<Datagram>& out) noexcept;

}  // namespace netsctp::link
