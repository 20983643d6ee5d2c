// What the library says of itself, and the defaults of a fresh socket.
#include "info.hpp"

#include <fmt/core.h>
#include <net/sctp.hpp>

#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "failure.hpp"

namespace cli {
namespace {

using namespace net;

struct Limits {
  std::size_t send_buffer = 0;
  std::size_t receive_buffer = 0;
  sctp::InitParameters init;
  sctp::Rto rto;
  std::size_t received_message = sctp::SocketSettings().max_message_size;
};

Limits read_limits(const sctp::Socket& socket, std::error_code& error) {
  Limits limits;
  const auto none = sctp::AssociationId::kFuture;
  limits.send_buffer = socket.option(sctp::SendBuffer(), none, error).bytes;
  if (!error) limits.receive_buffer = socket.option(sctp::ReceiveBuffer(), none, error).bytes;
  if (!error) limits.init = socket.option(sctp::InitParameters(), none, error);
  if (!error) limits.rto = socket.option(sctp::Rto(), none, error);
  return limits;
}

std::string link_text(const sctp::BackendInfo& backend) {
  if (backend.link == "udp")
    return fmt::format("UDP port {} (RFC 6951; NETSCTP_UDP_PORT chooses another)", backend.udp_port);
  if (backend.link == "raw") return "IP protocol 132, from raw sockets";
  return "IP protocol 132, by the kernel";
}

void print_json(const sctp::BackendInfo& backend, const Limits& limits, const std::string& problem) {
  nlohmann::json object = {{"version", sctp::version()},
                           {"backend", backend.kind == sctp::BackendInfo::Kind::kKernel ? "kernel" : "stack"},
                           {"reason", backend.reason},
                           {"link", backend.link},
                           {"works", problem.empty()}};
  object["udp_port"] = backend.link == "udp" ? nlohmann::json(backend.udp_port) : nlohmann::json(nullptr);
  if (problem.empty()) {
    object["limits"] = {{"send_buffer_bytes", limits.send_buffer},
                        {"receive_buffer_bytes", limits.receive_buffer},
                        {"received_message_bytes", limits.received_message},
                        {"outbound_streams", limits.init.outbound_streams},
                        {"max_inbound_streams", limits.init.max_inbound_streams},
                        {"max_init_attempts", limits.init.max_attempts},
                        {"rto_initial_ms", limits.rto.initial.count()},
                        {"rto_min_ms", limits.rto.min.count()},
                        {"rto_max_ms", limits.rto.max.count()}};
  } else {
    object["error"] = problem;
  }
  fmt::print("{}\n", object.dump(2));
}

void print_text(const sctp::BackendInfo& backend, const Limits& limits, const std::string& problem) {
  const bool kernel = backend.kind == sctp::BackendInfo::Kind::kKernel;
  fmt::print("netsctp {}\n", sctp::version());
  fmt::print("backend   {}\n", kernel ? "the kernel's SCTP" : "netsctp's own stack");
  fmt::print("why       {}\n", backend.reason);
  fmt::print("link      {}\n", link_text(backend));
  if (!problem.empty()) return;
  fmt::print("buffers   {} bytes to send, {} bytes to receive, each socket\n", limits.send_buffer,
             limits.receive_buffer);
  fmt::print("messages  up to the send buffer when sent; up to {} bytes when received whole\n",
             limits.received_message);
  fmt::print("streams   {} out asked for, {} in agreed to\n", limits.init.outbound_streams,
             limits.init.max_inbound_streams);
  fmt::print("setup     {} attempts; RTO {} ms at first, {} to {} ms\n", limits.init.max_attempts,
             limits.rto.initial.count(), limits.rto.min.count(), limits.rto.max.count());
}

}  // namespace

int print_info(bool json) {
  const auto backend = sctp::backend_info();
  std::error_code error;
  const sctp::Socket socket({.one_to_many = true}, error);
  Limits limits;
  if (!error) limits = read_limits(socket, error);
  const std::string problem = error ? std::string(cannot_open(error).what()) : backend.error;
  if (json) {
    print_json(backend, limits, problem);
  } else {
    print_text(backend, limits, problem);
  }
  if (problem.empty()) return kSuccess;
  fmt::print(stderr, "netsctp: {}\n", problem);
  return kFailed;
}

}  // namespace cli
