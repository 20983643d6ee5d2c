// Retransmission timeout of one path (RFC 9260 §6.3.1). A value: fed with RTT measurements, doubled by timeouts.
#pragma once

#include <algorithm>

#include "core/parameters.hpp"

namespace netsctp::core {

class RetransmissionTimeout {
 public:
  explicit RetransmissionTimeout(const AssociationParameters& parameters) noexcept : rto_(parameters.rto_initial) {}

  // RFC 9260 §6.3.1 C2, C3: a measurement of a chunk that was not retransmitted (the caller sees to C4 and C5).
  void measured(Duration rtt, const AssociationParameters& parameters) noexcept {
    if (srtt_ == Duration::zero()) {
      srtt_ = std::max(rtt, Duration{1});
      rttvar_ = rtt / 2;
    } else {
      rttvar_ += (std::max(srtt_ - rtt, rtt - srtt_) - rttvar_) / 4;  // RTO.Beta 1/4
      srtt_ += (rtt - srtt_) / 8;                                     // RTO.Alpha 1/8
      srtt_ = std::max(srtt_, Duration{1});
    }
    rttvar_ = std::max(rttvar_, kGranularity);  // RFC 9260 §6.3.1 G1
    rto_ = bounded(srtt_ + 4 * rttvar_, parameters);
  }

  // RFC 9260 §6.3.3 E2: double the RTO, at most RTO.Max.
  void back_off(Duration maximum) noexcept { rto_ = std::min(rto_ * 2, maximum); }

  // The user changed RTO.Min or RTO.Max.
  void apply(const AssociationParameters& parameters) noexcept { rto_ = bounded(rto_, parameters); }

  [[nodiscard]] Duration rto() const noexcept { return rto_; }
  [[nodiscard]] Duration srtt() const noexcept { return srtt_; }  // zero: not measured yet

 private:
  static constexpr Duration kGranularity = std::chrono::milliseconds(1);

  // RFC 9260 §6.3.1 C6, C7: between RTO.Min and RTO.Max.
  static Duration bounded(Duration rto, const AssociationParameters& parameters) noexcept {
    return std::clamp(rto, parameters.rto_min, std::max(parameters.rto_min, parameters.rto_max));
  }

  Duration rto_;
  Duration srtt_{};
  Duration rttvar_{};
};

}  // namespace netsctp::core
