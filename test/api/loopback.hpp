// Sockets on loopback for the tests of the public API. Each test process has a UDP port of its own, and an end: a test
// that hangs is killed by SIGALRM.
#pragma once

#include <net/sctp.hpp>

#include <utility>

namespace loopback {

using namespace net;

// A one-to-one association: both ends.
struct Pair {
  sctp::Socket client;
  sctp::Socket server;
};

inline sctp::Socket listener(sctp::SocketSettings settings = {}) {
  settings.local_host = {"127.0.0.1"};
  settings.listen = true;
  sctp::Socket socket(std::move(settings));
  socket.start_server();
  return socket;
}

// A one-to-one socket connected to `server`.
inline sctp::Socket connected_to(const sctp::Socket& server, sctp::SocketSettings settings = {}) {
  settings.peer_host = {"127.0.0.1"};
  settings.peer_port = server.local_name().port();
  sctp::Socket socket(std::move(settings));
  socket.start_client();
  return socket;
}

inline Pair pair(const sctp::SocketSettings& settings = {}) {
  sctp::Socket waiting = listener(settings);
  sctp::Socket client = connected_to(waiting, settings);
  return {std::move(client), waiting.accept()};
}

}  // namespace loopback
