// `netsctp info`: which SCTP serves here, and why.
#pragma once

namespace cli {

// The exit status: kFailed if no SCTP socket can be opened.
int print_info(bool json);

}  // namespace cli
