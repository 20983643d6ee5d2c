// What the command prints: messages on standard output, associations' events on standard error, or both as JSON lines.
#pragma once

#include <net/sctp.hpp>

#include <string_view>
#include <vector>

namespace cli {

struct OutputSettings {
  bool json = false;     // one object a line on standard output, for messages and for events
  bool verbose = false;  // events on standard error
  bool messages = true;  // print messages at all
};

class Output {
 public:
  explicit Output(const OutputSettings& settings);

  void listening(const std::vector<net::sctp::Address>& addresses) const;
  void message(const net::sctp::Message& message) const;
  void event(const net::sctp::Notification& notification) const;
  // Something for people to know: standard error, with --verbose.
  void note(std::string_view text) const;

 private:
  OutputSettings settings_;
  bool terminal_;
};

}  // namespace cli
