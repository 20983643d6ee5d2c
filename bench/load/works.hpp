// The works: what a pair of processes does.
#pragma once

#include "load.hpp"

namespace load {

// Completes the settings with what the work asks of the transport.
void prepare(Settings& settings);
// This process's part of the work.
void perform(const Settings& settings, Transport& transport);

}  // namespace load
