// A socket on netsctp's own stack, one-to-one (RFC 6458 §4) or one-to-many (§3). One class; its chapters are the files
//
//   stack_socket  its life, its descriptor, names        bind      bind, listen, its endpoint
//   connect       associations begun here, peeloff       accept    associations begun by peers
//   send          sendmsg                                receive   recvmsg
//   events        what the core tells                    close     close, shutdown
//   options*      getsockopt, setsockopt
//
// The public face is socket.hpp's and thread-safe. All else is for the files of this folder, under the engine's lock,
// which also guards every member.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "base/ring.hpp"
#include "engine/engine.hpp"
#include "socket/endpoint.hpp"
#include "socket/linux_abi.hpp"
#include "socket/readiness.hpp"
#include "socket/receive_queue.hpp"
#include "socket/settings.hpp"
#include "socket/socket.hpp"
#include "socket/socket_association.hpp"

namespace netsctp::socket {

class Instance;
struct SendOrder;
class UserMessage;

class StackSocket final : public Socket, public std::enable_shared_from_this<StackSocket> {
 public:
  enum class Style : std::uint8_t { kOneToOne, kOneToMany };
  // Of a one-to-one socket; a one-to-many socket knows kIdle and kListening only.
  enum class Stage : std::uint8_t { kIdle, kListening, kConnecting, kConnected, kEnded };
  using Session = engine::Engine::Session;
  using Intake = engine::Engine::Intake;

  // socket(2); the arguments have been checked.
  [[nodiscard]] static Result<std::shared_ptr<StackSocket>> create(int domain, int type, DescriptorIs descriptor);
  StackSocket(Instance& instance, Style style, const SocketSettings& initial);
  ~StackSocket() override = default;

  [[nodiscard]] int descriptor() noexcept override;
  int bind(const sockaddr* address, socklen_t length) noexcept override;
  int listen(int backlog) noexcept override;
  int accept(std::shared_ptr<Socket>& accepted, sockaddr* address, socklen_t* length, int flags) noexcept override;
  int connect(const sockaddr* address, socklen_t length) noexcept override;
  ssize_t sendmsg(const msghdr* given, int flags) noexcept override;
  ssize_t recvmsg(msghdr* given, int flags) noexcept override;
  int getsockopt(int level, int number, void* value, socklen_t* length) noexcept override;
  int setsockopt(int level, int number, const void* value, socklen_t length) noexcept override;
  int peeloff(int id, std::shared_ptr<Socket>& peeled, int flags) noexcept override;
  int shutdown(int how) noexcept override;
  int getsockname(sockaddr* address, socklen_t* length) noexcept override;
  int getpeername(sockaddr* address, socklen_t* length) noexcept override;
  int ioctl(unsigned long request, void* argument) noexcept override;
  int close() noexcept override;
  void leave_error(int error) noexcept override;
  [[nodiscard]] int take_left_error() noexcept override;
  void act_as_tcp() noexcept override;
  void moved_to(int duplicate) noexcept override;
  void abandon(int hung_up) noexcept { readiness_.abandon(hung_up); }  // in the child of a fork()

  // --- for the files of this folder, under the engine's lock ----------------------------------------------------
  [[nodiscard]] Instance& instance() noexcept { return instance_; }
  [[nodiscard]] core::Stack& stack() noexcept;
  [[nodiscard]] bool is_one_to_many() const noexcept { return style_ == Style::kOneToMany; }
  [[nodiscard]] Stage stage() const noexcept { return stage_; }
  // SO_REUSEADDR, or SCTP_REUSE_PORT (RFC 6458 §8.1.27), which Linux does not tell apart.
  [[nodiscard]] bool shares_port() const noexcept { return settings.reuse_address || settings.reuse_port; }
  // SO_REUSEPORT of both: they may listen together.
  [[nodiscard]] bool shares_listening_with(const StackSocket& other) const noexcept {
    return settings.share_listening && other.settings.share_listening;
  }
  [[nodiscard]] const std::shared_ptr<Endpoint>& endpoint() const noexcept { return endpoint_; }
  [[nodiscard]] const std::vector<core::AssociationId>& associations() const noexcept { return associations_; }
  // The only association of a one-to-one socket; nullptr: none.
  [[nodiscard]] SocketAssociation* only_association() noexcept { return only_.get(); }
  // As options and sends name it: of a one-to-one socket the only one, whatever `id` says (RFC 6458 §8); nullptr: none.
  [[nodiscard]] SocketAssociation* association(core::AssociationId id) noexcept;
  [[nodiscard]] int take_error() noexcept;  // SO_ERROR: the pending error, which is then none
  void apply_defaults() noexcept;           // settings.association changed: associations to come use it

  int bind_to(Session& session, std::span<const Address> addresses);
  int bind_if_unbound(Session& session);
  // Begins an association with the peer of these addresses (all of one port). `init` overrides SCTP_INITMSG.
  [[nodiscard]] Result<std::shared_ptr<SocketAssociation>> associate(Session& session, std::span<const Address> peers,
                                                                     const sctp_initmsg* init = nullptr);
  // connect() and connectx() once the addresses are read. Stores the association's id if it was begun.
  int connect_to(Session& session, std::span<const Address> peers, core::AssociationId* id);
  // Waits until it is up: 0, EINPROGRESS (timeout), the error of the failure, EINTR, EBADF as negative errno.
  int await_up(Session& session, const std::shared_ptr<SocketAssociation>& association);

  // What the core tells about an association of this socket.
  void on_data(SocketAssociation& association, core::DataArrived&& data) noexcept;
  void on_event(SocketAssociation& association, core::Event&& event) noexcept;  // all but data
  // A peer has set up an association with this listening socket. False: it is not wanted.
  bool admit(core::AssociationId id, const std::shared_ptr<Endpoint>& from) noexcept;
  void signal_arrival() noexcept;  // a fresh edge for what has come since the last
  // Subscribed notifications join the receive queue. `association` may be a fresh one.
  void notify(const SocketAssociation& association, unsigned type, std::vector<std::byte>&& bytes) noexcept;
  // The process exits or the listener of a socket nobody accepted is closed: gives everything up as close() does.
  void give_up(Time now, bool forcibly) noexcept;

  SocketSettings settings;

 private:
  // Waits until `ready`, a close (EBADF), the timeout (EAGAIN; zero: none) or a signal (EINTR): 0 or negative errno.
  // `awaited` as Session::wait() has it.
  int wait(Session& session, Duration timeout, const std::function<bool()>& ready,
           engine::Awaited awaited = engine::Awaited::kWhatever) noexcept;
  [[nodiscard]] bool is_nonblocking(int flags) const noexcept;
  // Takes in what has arrived, unless nothing can be for this socket: it has no port yet.
  void learn_news(Session& session) const noexcept {
    if (endpoint_ != nullptr) session.take_in_all();
  }

  void announce_listeners() noexcept;  // to the core: how many associations may wait for them
  void stop_listening() noexcept;

  // The socket is a program's from now on: gets its descriptor, or is to get it when it is asked for. `flags`:
  // SOCK_NONBLOCK, SOCK_CLOEXEC.
  std::error_code open_descriptor(int flags) noexcept;
  int descriptor_now() noexcept;  // with the lock held

  // Brings the descriptor in line with the state.
  void settle() noexcept;
  void settle_input() noexcept;
  void arrived() noexcept;  // something to read or accept has come
  void mark_full(SocketAssociation& association) noexcept;
  void unmark_full(SocketAssociation& association) noexcept;

  [[nodiscard]] bool has(core::AssociationId id) noexcept;
  void attach(const std::shared_ptr<SocketAssociation>& association);
  void detach(SocketAssociation& association) noexcept;
  void ended(SocketAssociation& association, int error) noexcept;
  void give_up_partial(SocketAssociation& association) noexcept;
  void on_change(SocketAssociation& association, core::AssociationChanged&& change) noexcept;
  void let_go(SocketAssociation& association, Time now, bool forcibly) noexcept;

  [[nodiscard]] bool nothing_can_come() const noexcept;
  ssize_t deliver(ReceivedItem& item, UserMessage& message, msghdr* given, int flags) noexcept;
  ssize_t send(Session& session, const SendOrder& given, const msghdr& message, int flags);
  ssize_t send_to(Session& session, const std::shared_ptr<SocketAssociation>& association, const SendOrder& order,
                  const msghdr& message, int flags);
  [[nodiscard]] bool sends_much(std::size_t bytes, Time now) noexcept;
  int await_space(Session& session, const std::shared_ptr<SocketAssociation>& association, int flags);
  Result<std::shared_ptr<SocketAssociation>> destination(Session& session, SendOrder& order, const msghdr& message,
                                                         bool& begun);

  Instance& instance_;
  Style style_;
  DescriptorIs descriptor_is_ = DescriptorIs::kMadeAtOnce;
  Stage stage_ = Stage::kIdle;
  bool closed_ = false;
  bool end_of_input_ = false;  // one-to-one: the peer sends no more, or SHUT_RD
  bool shut_read_ = false;
  bool shut_write_ = false;   // SHUT_WR: with the end of input the descriptor hangs up
  bool was_up_ = false;       // one-to-one: has been connected, which happens once
  bool branch_ = false;       // peeled off
  Address peer_;              // of the association begun or accepted last, the primary address; none: port 0
  int error_ = 0;             // SO_ERROR, an errno
  bool will_signal_ = false;  // signal_arrival() is to come
  unsigned waiting_readers_ = 0;
  unsigned waiting_connectors_ = 0;
  unsigned full_ = 0;     // associations whose send buffer a sender found full
  Time sending_since_{};  // begin of the period that sent_bytes_ counts
  std::size_t sent_bytes_ = 0;
  bool asked_ = false;      // sent something since it last waited to receive
  bool sent_much_ = false;  // in the period before
  std::shared_ptr<Endpoint> endpoint_;
  std::shared_ptr<SocketAssociation> only_;        // one-to-one
  std::vector<core::AssociationId> associations_;  // all, of either style; ascending
  Readiness readiness_;
  ReceiveQueue queue_;
  std::size_t backlog_ = 0;
  std::size_t promised_ = 0;  // of those in the accept queue, to threads that are woken to take one each
  Ring<std::shared_ptr<StackSocket>> accept_queue_;  // sockets without a descriptor yet
  StackSocket* listener_ = nullptr;                  // of a socket that waits in an accept queue
};

}  // namespace netsctp::socket
