// The functions of RFC 6458 §9 that send and receive with attributes, in C: ancillary data around one sendmsg() or
// recvmsg(), as in libsctp.
#include <netsctp.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "api/c/call.hpp"
#include "api/c/packed_addresses.hpp"
#include "socket/user_memory.hpp"

using netsctp::c::address_size;
using netsctp::c::on_socket;
using netsctp::c::packed_addresses;
using netsctp::socket::can_read_user;
using netsctp::socket::read_user;
using netsctp::socket::Socket;
using netsctp::socket::write_user;

namespace {

// A message on its way out: where to and with which ancillary data.
class Outgoing {
 public:
  Outgoing(const iovec* parts, int count) noexcept {
    message_.msg_iov = const_cast<iovec*>(parts);
    message_.msg_iovlen = static_cast<std::size_t>(count);
  }

  void attach(int type, const void* value, std::size_t size) {
    const std::size_t at = control_.size();
    control_.resize(at + CMSG_SPACE(size));
    cmsghdr header{};
    header.cmsg_level = IPPROTO_SCTP;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(size);
    std::memcpy(control_.data() + at, &header, sizeof header);
    std::memcpy(control_.data() + at + CMSG_LEN(0), value, size);
  }

  // The first is the name; the others go along for the setup of an association (RFC 6458 §5.3.9, §5.3.10).
  int address_to(const sockaddr* addresses, int count) {
    if (count == 0) return 0;
    auto packed = packed_addresses(addresses, count);
    if (!packed) return -packed.error().value();
    message_.msg_name = const_cast<sockaddr*>(addresses);
    message_.msg_namelen = static_cast<socklen_t>(address_size(addresses->sa_family));
    const std::byte* at = packed->data() + message_.msg_namelen;
    for (int i = 1; i < count; ++i) {
      sa_family_t family = AF_UNSPEC;
      std::memcpy(&family, at, sizeof family);
      if (family == AF_INET) {
        attach(SCTP_DSTADDRV4, at + offsetof(sockaddr_in, sin_addr), sizeof(in_addr));
      } else {
        attach(SCTP_DSTADDRV6, at + offsetof(sockaddr_in6, sin6_addr), sizeof(in6_addr));
      }
      at += address_size(family);
    }
    return 0;
  }

  void address_to(const sockaddr* address, socklen_t length) noexcept {
    message_.msg_name = const_cast<sockaddr*>(address);
    message_.msg_namelen = length;
  }

  ssize_t send(Socket& socket, int flags) noexcept {
    message_.msg_control = control_.empty() ? nullptr : control_.data();
    message_.msg_controllen = control_.size();
    return socket.sendmsg(&message_, flags);
  }

 private:
  msghdr message_{};
  std::vector<std::byte> control_;
};

// RFC 6458 §9.11, §9.12: tells the association that a message to this address went to, on a one-to-many socket.
void learn_association(Socket& socket, const sockaddr* peer, sctp_assoc_t& id) noexcept {
  int style = 0;
  socklen_t length = sizeof style;
  if (id != 0 || socket.getsockopt(SOL_SOCKET, SO_TYPE, &style, &length) < 0 || style != SOCK_SEQPACKET) return;
  sctp_paddrinfo path{};
  std::memcpy(&path.spinfo_address, peer, address_size(peer->sa_family));
  length = sizeof path;
  if (socket.getsockopt(IPPROTO_SCTP, SCTP_GET_PEER_ADDR_INFO, &path, &length) == 0) id = path.spinfo_assoc_id;
}

// What `info` is, and what of it is meant. Null: not there.
struct SendAttributes {
  sctp_sndinfo* send = nullptr;
  const sctp_prinfo* partial_reliability = nullptr;
  const sctp_authinfo* authentication = nullptr;
};

int read_attributes(void* info, socklen_t length, unsigned type, SendAttributes& attributes) noexcept {
  const auto is = [&](std::size_t size) { return info != nullptr && length == size; };
  switch (type) {
    case SCTP_SENDV_NOINFO:
      return info == nullptr && length == 0 ? 0 : -EINVAL;
    case SCTP_SENDV_SNDINFO:
      attributes.send = static_cast<sctp_sndinfo*>(info);
      return is(sizeof(sctp_sndinfo)) ? 0 : -EINVAL;
    case SCTP_SENDV_PRINFO:
      attributes.partial_reliability = static_cast<const sctp_prinfo*>(info);
      return is(sizeof(sctp_prinfo)) ? 0 : -EINVAL;
    case SCTP_SENDV_AUTHINFO:
      attributes.authentication = static_cast<const sctp_authinfo*>(info);
      return is(sizeof(sctp_authinfo)) ? 0 : -EINVAL;
    case SCTP_SENDV_SPA: {
      if (!is(sizeof(sctp_sendv_spa))) return -EINVAL;
      auto& all = *static_cast<sctp_sendv_spa*>(info);
      constexpr std::uint32_t kKnown = SCTP_SEND_SNDINFO_VALID | SCTP_SEND_PRINFO_VALID | SCTP_SEND_AUTHINFO_VALID;
      if ((all.sendv_flags & ~kKnown) != 0) return -EINVAL;
      if ((all.sendv_flags & SCTP_SEND_SNDINFO_VALID) != 0) attributes.send = &all.sendv_sndinfo;
      if ((all.sendv_flags & SCTP_SEND_PRINFO_VALID) != 0) attributes.partial_reliability = &all.sendv_prinfo;
      if ((all.sendv_flags & SCTP_SEND_AUTHINFO_VALID) != 0) attributes.authentication = &all.sendv_authinfo;
      return 0;
    }
    default:
      return -EINVAL;
  }
}

// A message on its way in, with room for the ancillary data the seam may add.
class Incoming {
 public:
  Incoming(const iovec* parts, std::size_t count) noexcept {
    message_.msg_iov = const_cast<iovec*>(parts);
    message_.msg_iovlen = count;
    message_.msg_control = control_;
    message_.msg_controllen = sizeof control_;
  }

  // Looked at before anything is received: what cannot be stored must not cost the message.
  int name_into(sockaddr* from, socklen_t* length) noexcept {
    if (from == nullptr) return 0;
    if (const int error = read_user(&message_.msg_namelen, length, sizeof *length)) return error;
    if (static_cast<int>(message_.msg_namelen) < 0) return -EINVAL;
    message_.msg_name = from;
    return write_user(length, &message_.msg_namelen, sizeof *length);
  }

  ssize_t receive(Socket& socket, int flags) noexcept { return socket.recvmsg(&message_, flags); }

  // Copies out the ancillary data of this type, if it came.
  template <class Value>
  bool read(int type, Value& value) noexcept {
    for (cmsghdr* at = CMSG_FIRSTHDR(&message_); at != nullptr; at = CMSG_NXTHDR(&message_, at)) {
      if (at->cmsg_level != IPPROTO_SCTP || at->cmsg_type != type || at->cmsg_len < CMSG_LEN(sizeof value)) continue;
      std::memcpy(&value, CMSG_DATA(at), sizeof value);
      return true;
    }
    return false;
  }

  [[nodiscard]] socklen_t name_length() const noexcept { return message_.msg_namelen; }
  [[nodiscard]] int flags() const noexcept { return message_.msg_flags; }

 private:
  msghdr message_{};
  alignas(cmsghdr) std::byte control_[CMSG_SPACE(sizeof(sctp_sndrcvinfo)) + CMSG_SPACE(sizeof(sctp_rcvinfo)) +
                                      CMSG_SPACE(sizeof(sctp_nxtinfo))]{};
};

// RFC 6458 §9.13: the most that has come and fits.
unsigned store_attributes(Incoming& incoming, void* info, socklen_t& room) noexcept {
  sctp_recvv_rn all{};
  const bool has_own = incoming.read(SCTP_RCVINFO, all.recvv_rcvinfo);
  const bool has_next = incoming.read(SCTP_NXTINFO, all.recvv_nxtinfo);
  const auto store = [&](const auto& value) {
    std::memcpy(info, &value, sizeof value);
    room = sizeof value;
  };
  if (info != nullptr && has_own && has_next && room >= sizeof all) {
    store(all);
    return SCTP_RECVV_RN;
  }
  if (info != nullptr && has_own && room >= sizeof all.recvv_rcvinfo) {
    store(all.recvv_rcvinfo);
    return SCTP_RECVV_RCVINFO;
  }
  if (info != nullptr && has_next && room >= sizeof all.recvv_nxtinfo) {
    store(all.recvv_nxtinfo);
    return SCTP_RECVV_NXTINFO;
  }
  room = 0;
  return SCTP_RECVV_NOINFO;
}

}  // namespace

ssize_t netsctp_sendv(int sd, const struct iovec* iov, int iovcnt, struct sockaddr* addrs, int addrcnt, void* info,
                      socklen_t infolen, unsigned int infotype, int flags) {
  return on_socket(sd, [=](Socket& socket) -> ssize_t {
    if (iovcnt < 0 || addrcnt < 0) return -EINVAL;
    SendAttributes attributes;
    if (info != nullptr && !can_read_user(info, infolen)) return -EFAULT;
    if (const int error = read_attributes(info, infolen, infotype, attributes)) return error;
    Outgoing outgoing(iov, iovcnt);
    if (attributes.send != nullptr) outgoing.attach(SCTP_SNDINFO, attributes.send, sizeof *attributes.send);
    if (const auto* const value = attributes.partial_reliability) outgoing.attach(SCTP_PRINFO, value, sizeof *value);
    if (const auto* const value = attributes.authentication) outgoing.attach(SCTP_AUTHINFO, value, sizeof *value);
    if (const int error = outgoing.address_to(addrs, addrcnt)) return error;
    const ssize_t sent = outgoing.send(socket, flags);
    if (sent >= 0 && addrcnt > 0 && attributes.send != nullptr) {
      learn_association(socket, addrs, attributes.send->snd_assoc_id);
    }
    return sent;
  });
}

ssize_t netsctp_recvv(int sd, const struct iovec* iov, int iovlen, struct sockaddr* from, socklen_t* fromlen,
                      void* info, socklen_t* infolen, unsigned int* infotype, int* flags) {
  return on_socket(sd, [=](Socket& socket) -> ssize_t {
    if (iovlen < 0) return -EINVAL;
    socklen_t room = 0;
    if (infolen != nullptr || info != nullptr) {
      if (const int error = read_user(&room, infolen, sizeof room)) return error;
    }
    int how = 0;
    if (flags != nullptr && read_user(&how, flags, sizeof how) != 0) return -EFAULT;
    Incoming incoming(iov, static_cast<std::size_t>(iovlen));
    if (const int error = incoming.name_into(from, fromlen)) return error;
    const ssize_t received = incoming.receive(socket, how);
    if (received < 0) return received;
    if (from != nullptr) *fromlen = incoming.name_length();
    if (flags != nullptr) *flags = incoming.flags();
    const unsigned type = store_attributes(incoming, info, room);
    if (infolen != nullptr) *infolen = room;
    if (infotype != nullptr) *infotype = type;
    return received;
  });
}

ssize_t netsctp_sctp_send(int sd, const void* message, size_t length, const struct sctp_sndrcvinfo* sinfo, int flags) {
  return on_socket(sd, [=](Socket& socket) -> ssize_t {
    const iovec part{const_cast<void*>(message), length};
    Outgoing outgoing(&part, 1);
    if (sinfo != nullptr && !can_read_user(sinfo, sizeof *sinfo)) return -EFAULT;
    if (sinfo != nullptr) outgoing.attach(SCTP_SNDRCV, sinfo, sizeof *sinfo);
    return outgoing.send(socket, flags);
  });
}

ssize_t netsctp_sendx(int sd, const void* message, size_t length, struct sockaddr* addrs, int addrcnt,
                      struct sctp_sndrcvinfo* sinfo, int flags) {
  return on_socket(sd, [=](Socket& socket) -> ssize_t {
    if (addrcnt < 0) return -EINVAL;
    const iovec part{const_cast<void*>(message), length};
    Outgoing outgoing(&part, 1);
    if (sinfo != nullptr && !can_read_user(sinfo, sizeof *sinfo)) return -EFAULT;
    if (sinfo != nullptr) outgoing.attach(SCTP_SNDRCV, sinfo, sizeof *sinfo);
    if (const int error = outgoing.address_to(addrs, addrcnt)) return error;
    const ssize_t sent = outgoing.send(socket, flags);
    if (sent >= 0 && addrcnt > 0 && sinfo != nullptr) learn_association(socket, addrs, sinfo->sinfo_assoc_id);
    return sent;
  });
}

ssize_t netsctp_sctp_sendmsg(int sd, const void* message, size_t length, struct sockaddr* to, socklen_t tolen,
                             uint32_t ppid, uint32_t flags, uint16_t stream_no, uint32_t timetolive, uint32_t context) {
  return on_socket(sd, [=](Socket& socket) -> ssize_t {
    if (to != nullptr && tolen > sizeof(sockaddr_storage)) return -EINVAL;
    sctp_sndrcvinfo info{};
    info.sinfo_stream = stream_no;
    info.sinfo_flags = static_cast<std::uint16_t>(flags);
    info.sinfo_ppid = ppid;
    info.sinfo_timetolive = timetolive;
    info.sinfo_context = context;
    const iovec part{const_cast<void*>(message), length};
    Outgoing outgoing(&part, 1);
    outgoing.attach(SCTP_SNDRCV, &info, sizeof info);
    outgoing.address_to(to, to != nullptr ? tolen : socklen_t{0});
    return outgoing.send(socket, 0);
  });
}

ssize_t netsctp_sctp_recvmsg(int sd, void* buffer, size_t size, struct sockaddr* from, socklen_t* fromlen,
                             struct sctp_sndrcvinfo* sinfo, int* msg_flags) {
  return on_socket(sd, [=](Socket& socket) -> ssize_t {
    const iovec part{buffer, size};
    Incoming incoming(&part, 1);
    if (const int error = incoming.name_into(from, fromlen)) return error;
    int how = 0;
    if (msg_flags != nullptr && read_user(&how, msg_flags, sizeof how) != 0) return -EFAULT;
    const ssize_t received = incoming.receive(socket, how);
    if (received < 0) return received;
    if (from != nullptr) *fromlen = incoming.name_length();
    if (msg_flags != nullptr) *msg_flags = incoming.flags();
    if (sinfo != nullptr) (void)incoming.read(SCTP_SNDRCV, *sinfo);
    return received;
  });
}
