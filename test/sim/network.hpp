// A network in virtual time: hosts, links with their faults, one queue of what is to happen. The same seed and the same
// calls give the same run, packet for packet. It knows UDP and IP sizes and addresses but no SCTP; what hosts do is in
// host.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "sim/packet.hpp"
#include "sim/random.hpp"

namespace netsctp::sim {

using namespace std::chrono_literals;

class Host;
struct HostConfig;

// One direction between two addresses.
struct LinkConfig {
  Duration delay = 10ms;
  std::uint64_t bandwidth = 0;     // bits per second, IP header included; 0: unlimited
  std::size_t queue = 256 * 1024;  // bytes that may wait for the bandwidth; what comes on top is dropped
  double loss = 0;                 // probabilities, 0 to 1
  double duplication = 0;
  double reordering = 0;  // of being held back by up to reorder_delay more
  double corruption = 0;  // of having one to four bits flipped
  Duration reorder_delay = 20ms;
  std::size_t mtu = 65'535;     // bytes, IP header included; larger packets vanish unless IP may fragment them
  std::uint64_t loss_mask = 0;  // bit i: the i-th packet of this direction is lost
};

class Network {
 public:
  explicit Network(std::uint64_t seed);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  Host& add_host(HostConfig config);  // lives as long as the network
  [[nodiscard]] const std::vector<std::unique_ptr<Host>>& hosts() const noexcept { return hosts_; }

  [[nodiscard]] Time now() const noexcept { return now_; }
  [[nodiscard]] Random& random() noexcept { return random_; }

  // --- shape and faults -----------------------------------------------------------------------------------------
  LinkConfig default_link;                  // of pairs of addresses not configured
  std::uint64_t loss_mask = 0;              // bit i: the i-th packet sent since count_from_here() is lost
  std::function<bool(const Packet&)> drop;  // the test's own filter: true drops the packet
  [[nodiscard]] LinkConfig& link(const IpAddress& from, const IpAddress& to);
  void set_links(Host& a, Host& b, const LinkConfig& config);  // every pair of their addresses, both directions
  void count_from_here() noexcept { counted_ = 0; }            // restarts the counts of every loss mask
  void cut(const IpAddress& address);                          // nothing goes to or from it any more
  void heal(const IpAddress& address);
  // A NAT before this address: its packets arrive from `outside_port`, and only packets to that port come in.
  void translate(const IpAddress& inside, std::uint16_t outside_port);

  // --- time -----------------------------------------------------------------------------------------------------
  void at(Time when, std::function<void()> action);
  void run_until(Time when);
  void run_for(Duration duration) { run_until(now_ + duration); }
  // Until the predicate holds, asked after each event; false if it did not until `deadline`.
  bool run_until(const std::function<bool()>& predicate, Time deadline);
  bool run_until(const std::function<bool()>& predicate, Duration limit) { return run_until(predicate, now_ + limit); }

  // --- packets --------------------------------------------------------------------------------------------------
  // Puts a packet on the network, as a host does. Tests forge packets with it.
  void send(const Address& from, const Address& to, std::span<const std::byte> bytes, bool may_fragment = false);
  // The latest packets, oldest first, dropped ones included.
  [[nodiscard]] const std::deque<std::shared_ptr<const Packet>>& record() const noexcept { return record_; }
  void stop_recording() noexcept;
  [[nodiscard]] std::uint64_t packets_sent() const noexcept { return packets_sent_; }

 private:
  struct Link {
    IpAddress from;
    IpAddress to;
    LinkConfig config;
    Time free_at{};  // when the bandwidth is free for the next packet
    std::uint64_t packets = 0;
  };
  struct Happening {
    Time when;
    std::uint64_t order;  // first come, first served at the same time
    std::shared_ptr<const Packet> packet;
    std::function<void()> action;
    bool operator<(const Happening& other) const noexcept {  // of a max-heap: the earliest is the greatest
      return when != other.when ? when > other.when : order > other.order;
    }
  };

  Link& find_link(const IpAddress& from, const IpAddress& to);
  Fate judge(Link& link, const Packet& packet, std::size_t size);
  void note(std::shared_ptr<const Packet> packet);
  void corrupt(std::vector<std::byte>& bytes);
  void deliver(const Packet& packet);
  bool step(Time limit);  // false: nothing more until `limit`
  [[nodiscard]] bool is_cut(const IpAddress& address) const;

  Time now_ = Time{} + 1000s;  // not zero: "never set" must not look like "now"
  Random random_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::vector<Link> links_;
  std::vector<IpAddress> cut_;
  std::vector<Address> translations_;  // inside address, outside port
  std::priority_queue<Happening> queue_;
  std::uint64_t order_ = 0;
  std::uint64_t counted_ = 0;
  std::uint64_t packets_sent_ = 0;
  std::uint64_t steps_now_ = 0;  // without time having passed: a livelock's sign
  std::deque<std::shared_ptr<const Packet>> record_;
  std::size_t record_bytes_ = 0;
  bool recording_ = true;
};

}  // namespace netsctp::sim
