// A one-to-one client: sends a message, prints the answer and its size. The server must be running.
#include <fmt/core.h>
#include <net/sctp.hpp>

#include <exception>

using namespace net;

int main() try {
  sctp::Socket client({.peer_host = {"127.0.0.1"}, .peer_port = 5556});
  client.start_client();
  client.send("I am a Client!!", {.stream = 1, .ppid = 46});
  if (const auto answer = client.receive()) fmt::print("{} bytes: {}\n", answer->size(), answer->text());
} catch (const std::exception& error) {
  fmt::print(stderr, "client: {}\n", error.what());
  return 1;
}
