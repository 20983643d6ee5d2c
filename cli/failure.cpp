// The sentences: what was tried, what the system says, what that means here, what to do.
#include "failure.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cctype>
#include <string_view>

namespace cli {
namespace {

using net::sctp::Address;

// "Address already in use" inside a sentence.
std::string in_a_sentence(const std::error_code& error) {
  std::string text = error.message();
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

std::string sentence(std::string_view tried, const std::error_code& error, std::string_view meaning) {
  return fmt::format("{}: {}{}{}", tried, in_a_sentence(error), meaning.empty() ? "" : ": ", meaning);
}

std::string udp_port() {
  const auto backend = net::sctp::backend_info();
  return backend.link == "udp"
             ? fmt::format(" (netsctp looks for it at UDP port 9899 unless told otherwise; this side uses {})",
                           backend.udp_port)
             : std::string();
}

}  // namespace

Failure cannot_open(const std::error_code& error) {
  return Failure(sentence("cannot open an SCTP socket", error, net::sctp::backend_info().error));
}

Failure cannot_trace(const std::string& path, const std::error_code& error) {
  std::string_view meaning;
  if (error == std::errc::operation_not_supported) {
    meaning = "the kernel's SCTP serves; tcpdump sees its packets, or NETSCTP_BACKEND=stack chooses netsctp's own";
  } else if (error == std::errc::protocol_not_supported) {
    return cannot_open(error);
  }
  return Failure(sentence("cannot trace to " + path, error, meaning));
}

Failure cannot_bind(const Address& address, const std::error_code& error) {
  const std::string tried = fmt::format("cannot bind {} port {}", address.ip(), address.port());
  std::string_view meaning;
  if (error == std::errc::address_in_use) {
    meaning = "another program holds this SCTP port; choose another with --port";
  } else if (error == std::errc::address_not_available) {
    meaning = "this machine does not have this address; give --host one that it has";
  } else if (error == std::errc::permission_denied) {
    meaning = "this port is reserved; choose one of 1024 or more with --port";
  }
  return Failure(sentence(tried, error, meaning));
}

Failure cannot_connect(const std::vector<Address>& peers, const std::error_code& error) {
  std::vector<std::string> hosts;
  for (const Address& peer : peers) hosts.emplace_back(peer.ip());
  const std::string tried = fmt::format("cannot connect to {} port {}", fmt::join(hosts, ", "), peers.front().port());
  std::string meaning;
  if (error == std::errc::connection_refused) {
    meaning = "the host is there, and nobody listens on this SCTP port";
  } else if (error == std::errc::timed_out) {
    meaning = "no answer: the host is down, the packets are dropped on the way, or no SCTP runs there" + udp_port();
  } else if (error == std::errc::network_unreachable || error == std::errc::host_unreachable) {
    meaning = "there is no way from here to there";
  } else if (error == std::errc::connection_reset || error == std::errc::connection_aborted) {
    meaning = "the peer was reached, and refuses";
  }
  return Failure(sentence(tried, error, meaning));
}

Failure cannot_look_up(const std::string& host, const std::error_code& error) {
  return Failure(sentence(fmt::format("cannot look up host {}", host), error, "give --host a name or an address"));
}

Failure cannot_send(std::size_t size, std::size_t send_buffer, const std::error_code& error) {
  const std::string tried = fmt::format("cannot send a message of {} bytes", size);
  std::string meaning;
  if (error == std::errc::message_size) {
    meaning = fmt::format("the send buffer has {} bytes; send less at once with --message-size", send_buffer);
  } else if (net::sctp::has_ended(error)) {
    meaning = "the association has ended";
  } else if (error == std::errc::invalid_argument) {
    meaning = "the peer may have agreed to fewer streams than --stream needs";
  }
  return Failure(sentence(tried, error, meaning));
}

Failure cannot_receive(const std::error_code& error) {
  std::string_view meaning;
  if (error == std::errc::connection_reset) meaning = "the peer aborted the association";
  if (error == std::errc::timed_out) meaning = "the peer does not answer any more";
  if (error == std::errc::message_size) meaning = "a message was larger than netsctp takes";
  return Failure(sentence("cannot receive", error, meaning));
}

}  // namespace cli
