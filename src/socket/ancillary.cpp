#include "socket/ancillary.hpp"

#include <algorithm>
#include <cstring>

#include "socket/user_memory.hpp"

namespace netsctp::socket {

namespace {

constexpr unsigned kKnownFlags =
    SCTP_UNORDERED | SCTP_ADDR_OVER | SCTP_ABORT | SCTP_SACK_IMMEDIATELY | SCTP_PR_SCTP_MASK | SCTP_SENDALL | SCTP_EOF;

template <class Value>
bool read(const cmsghdr& header, Value& value) noexcept {
  if (header.cmsg_len != CMSG_LEN(sizeof value)) return false;
  std::memcpy(&value, CMSG_DATA(&header), sizeof value);
  return true;
}

bool parse_one(const cmsghdr& header, SendAncillary& result) {
  switch (header.cmsg_type) {
    case SCTP_INIT:
      return read(header, result.init.emplace());
    case SCTP_SNDRCV:
      if (result.info && !result.has_lifetime) return false;  // RFC 6458 §5.3.4: one or the other
      if (!read(header, result.info.emplace())) return false;
      result.has_lifetime = true;
      return (result.info->sinfo_flags & ~kKnownFlags) == 0;
    case SCTP_SNDINFO: {
      sctp_sndinfo info{};
      if (result.has_lifetime || !read(header, info) || (info.snd_flags & ~kKnownFlags) != 0) return false;
      auto& to = result.info.emplace();
      to = {};
      to.sinfo_stream = info.snd_sid;
      to.sinfo_flags = info.snd_flags;
      to.sinfo_ppid = info.snd_ppid;
      to.sinfo_context = info.snd_context;
      to.sinfo_assoc_id = info.snd_assoc_id;
      return true;
    }
    case SCTP_PRINFO:
      return read(header, result.partial_reliability.emplace()) &&
             (result.partial_reliability->pr_policy & ~SCTP_PR_SCTP_MASK) == 0;
    case SCTP_AUTHINFO:
      return read(header, result.authentication.emplace());
    case SCTP_DSTADDRV4: {
      in_addr address{};
      if (!read(header, address)) return false;
      result.destinations.push_back(IpAddress::v4(reinterpret_cast<const std::byte*>(&address)));
      return true;
    }
    case SCTP_DSTADDRV6: {
      in6_addr address{};
      if (!read(header, address)) return false;
      result.destinations.push_back(IpAddress::v6(reinterpret_cast<const std::byte*>(&address)).unmapped());
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

Result<SendAncillary> parse_ancillary(const msghdr& message) {
  SendAncillary result;
  if (message.msg_control == nullptr || message.msg_controllen == 0) return result;
  const auto* at = static_cast<const std::byte*>(message.msg_control);
  std::size_t left = message.msg_controllen;
  while (left >= sizeof(cmsghdr)) {
    const auto& header = *reinterpret_cast<const cmsghdr*>(at);
    if (header.cmsg_len < sizeof(cmsghdr) || header.cmsg_len > left) return std::errc::invalid_argument;
    if (header.cmsg_level == IPPROTO_SCTP && !parse_one(header, result)) return std::errc::invalid_argument;
    const std::size_t step = std::min<std::size_t>(CMSG_ALIGN(header.cmsg_len), left);
    at += step;
    left -= step;
  }
  return result;
}

void AncillaryWriter::put(int type, const void* value, std::size_t size) noexcept {
  const std::size_t left = space_ - used_;
  if (message_.msg_control == nullptr || left < sizeof(cmsghdr)) {
    message_.msg_flags |= MSG_CTRUNC;
    return;
  }
  cmsghdr header{};
  header.cmsg_level = IPPROTO_SCTP;
  header.cmsg_type = type;
  header.cmsg_len = CMSG_LEN(size);
  if (header.cmsg_len > left) {
    message_.msg_flags |= MSG_CTRUNC;
    header.cmsg_len = left;
  }
  // As Linux: where the program's memory cannot be written, the message goes without its ancillary data.
  auto* const to = static_cast<std::byte*>(message_.msg_control) + used_;
  if (write_user(to, &header, sizeof header) != 0) return;
  if (write_user(to + CMSG_LEN(0), value, header.cmsg_len - CMSG_LEN(0)) != 0) return;
  used_ += std::min(CMSG_SPACE(size), left);
}

}  // namespace netsctp::socket
