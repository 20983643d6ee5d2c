// Ancillary data of sendmsg() and recvmsg() (RFC 6458 §5.3): control messages to and from plain values.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "socket/linux_abi.hpp"

namespace netsctp::socket {

// What the control messages of one sendmsg() say.
struct SendAncillary {
  std::optional<sctp_initmsg> init;
  std::optional<sctp_sndrcvinfo> info;  // from SCTP_SNDRCV or SCTP_SNDINFO
  bool has_lifetime = false;            // it is from SCTP_SNDRCV: sinfo_timetolive is the caller's
  std::optional<sctp_prinfo> partial_reliability;
  std::optional<sctp_authinfo> authentication;
  std::vector<IpAddress> destinations;  // SCTP_DSTADDRV4, SCTP_DSTADDRV6
};

// EINVAL: a control message of another size than its struct, an unknown type, SNDRCV with SNDINFO, unknown flags. Other
// levels are passed over.
[[nodiscard]] Result<SendAncillary> parse_ancillary(const msghdr& message);

// Writes control messages into msg_control as the kernel does: what does not fit is cut and MSG_CTRUNC set.
class AncillaryWriter {
 public:
  explicit AncillaryWriter(msghdr& message) noexcept : message_(message), space_(message.msg_controllen) {}
  ~AncillaryWriter() { message_.msg_controllen = used_; }
  AncillaryWriter(const AncillaryWriter&) = delete;
  AncillaryWriter& operator=(const AncillaryWriter&) = delete;

  template <class Value>
  void add(int type, const Value& value) noexcept {
    put(type, &value, sizeof value);
  }

 private:
  void put(int type, const void* value, std::size_t size) noexcept;

  msghdr& message_;
  std::size_t space_;
  std::size_t used_ = 0;
};

}  // namespace netsctp::socket
