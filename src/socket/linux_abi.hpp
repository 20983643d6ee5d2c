// <linux/sctp.h> with what it forgets to include: the structs, option numbers and flags of the Linux SCTP ABI.
#pragma once

// clang-format off
#include <cstdint>
#include <netinet/in.h>
#include <sys/socket.h>
#include <linux/sctp.h>
// clang-format on
