// SCTP for every machine: the C++ API, whole. See net/sctp/socket.hpp first.
#pragma once

#include <net/sctp/address.hpp>
#include <net/sctp/backend.hpp>
#include <net/sctp/error.hpp>
#include <net/sctp/message.hpp>
#include <net/sctp/notification.hpp>
#include <net/sctp/options.hpp>
#include <net/sctp/socket.hpp>
#include <net/sctp/types.hpp>
