// A one-to-many server: prints who sent what and how much, and answers. Run it, then the client.
#include <fmt/core.h>
#include <net/sctp.hpp>

#include <exception>

using namespace net;

int main() try {
  sctp::Socket server({.local_host = {"127.0.0.1"}, .local_port = 5556, .listen = true, .one_to_many = true});
  server.start_server();
  fmt::print("listening at {}\n", server.local_name());
  while (auto message = server.receive()) {
    fmt::print("{} sent {} bytes: {}\n", message->peer(), message->size(), message->text());
    server.send("I am the Server!!", {.association = message->association(), .stream = 1, .ppid = 46});
  }
} catch (const std::exception& error) {
  fmt::print(stderr, "server: {}\n", error.what());
  return 1;
}
