#include "core/datagram.hpp"

namespace netsctp::core {

std::span<std::byte> TransmitBatch::prepare(std::size_t max_size) noexcept {
  if (run_count_ == kMaxRuns || buffer_.size() - used_ < max_size) return {};
  return buffer_.subspan(used_, max_size);
}

bool TransmitBatch::continues_run(std::size_t size, const Address& to, const IpAddress& from,
                                  const PacketMarks& marks) const noexcept {
  if (run_count_ == 0 || run_closed_ || segments_ == kMaxSegments) return false;
  const Transmit& run = runs_[run_count_ - 1];
  return size <= run.segment_size && run.bytes.size() + size <= kMaxRunBytes && run.to == to && run.from == from &&
         PacketMarks{run.may_fragment, run.traffic_class, run.flow_label} == marks;
}

void TransmitBatch::commit(std::size_t size, const Address& to, const IpAddress& from,
                           const PacketMarks& marks) noexcept {
  if (continues_run(size, to, from, marks)) {
    Transmit& run = runs_[run_count_ - 1];
    run.bytes = {run.bytes.data(), run.bytes.size() + size};
    run_closed_ = size < run.segment_size;
    ++segments_;
  } else {
    runs_[run_count_++] = {to,
                           from,
                           buffer_.subspan(used_, size),
                           static_cast<std::uint16_t>(size),
                           marks.may_fragment,
                           marks.traffic_class,
                           marks.flow_label};
    run_closed_ = false;
    segments_ = 1;
  }
  used_ += size;
  ++packets_;
}

void TransmitBatch::clear() noexcept {
  used_ = packets_ = run_count_ = segments_ = 0;
  run_closed_ = false;
}

}  // namespace netsctp::core
