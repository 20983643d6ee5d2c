// The simulated network's record as a pcapng file: SCTP packets without lower headers (LINKTYPE_SCTP), one interface
// for each sending address; a comment on each packet says where it went and what became of it. Readable by tshark.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "sim/packet.hpp"

namespace netsctp::sim {

// False if the file cannot be written.
bool write_pcapng(const std::string& path, const std::deque<std::shared_ptr<const Packet>>& packets);

}  // namespace netsctp::sim
