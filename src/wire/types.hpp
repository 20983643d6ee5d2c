// The numbers of RFC 9260 §3, §15: chunk types, parameter types, cause codes and the fixed sizes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace netsctp::wire {

inline constexpr std::size_t kCommonHeaderSize = 12;    // §3.1
inline constexpr std::size_t kChunkHeaderSize = 4;      // §3.2
inline constexpr std::size_t kParameterHeaderSize = 4;  // §3.2.1
inline constexpr std::size_t kCauseHeaderSize = 4;      // §3.3.10
inline constexpr std::size_t kDataHeaderSize = 16;      // §3.3.1, chunk header included
inline constexpr std::size_t kInitHeaderSize = 20;      // §3.3.2, chunk header included
inline constexpr std::size_t kSackHeaderSize = 16;      // §3.3.4, chunk header included
inline constexpr std::size_t kShutdownSize = 8;         // §3.3.8

// Lengths on the wire exclude padding; the space taken is a multiple of four (§3.2).
constexpr std::size_t padded(std::size_t length) noexcept {
  return (length + 3) & ~std::size_t{3};
}

enum class ChunkType : std::uint8_t {
  kData = 0,
  kInit = 1,
  kInitAck = 2,
  kSack = 3,
  kHeartbeat = 4,
  kHeartbeatAck = 5,
  kAbort = 6,
  kShutdown = 7,
  kShutdownAck = 8,
  kError = 9,
  kCookieEcho = 10,
  kCookieAck = 11,
  kEcne = 12,
  kCwr = 13,
  kShutdownComplete = 14,
  kAuth = 15,          // RFC 4895
  kIData = 64,         // RFC 8260
  kAsconfAck = 128,    // RFC 5061
  kReConfig = 130,     // RFC 6525
  kPad = 132,          // RFC 4820
  kForwardTsn = 192,   // RFC 3758
  kAsconf = 193,       // RFC 5061
  kIForwardTsn = 194,  // RFC 8260
};

enum class ParameterType : std::uint16_t {
  kHeartbeatInfo = 1,
  kIpv4Address = 5,
  kIpv6Address = 6,
  kStateCookie = 7,
  kUnrecognizedParameter = 8,
  kCookiePreservative = 9,
  kHostNameAddress = 11,
  kSupportedAddressTypes = 12,
  kOutgoingSsnReset = 13,  // RFC 6525, as are the next five
  kIncomingSsnReset = 14,
  kSsnTsnReset = 15,
  kReConfigResponse = 16,
  kAddOutgoingStreams = 17,
  kAddIncomingStreams = 18,
  kEcnCapable = 0x8000,
  kZeroChecksumAcceptable = 0x8001,  // RFC 9653
  kRandom = 0x8002,                  // RFC 4895, as are the next two
  kChunkList = 0x8003,
  kRequestedHmac = 0x8004,
  kPadding = 0x8005,              // RFC 4820
  kSupportedExtensions = 0x8008,  // RFC 5061
  kForwardTsnSupported = 0xC000,  // RFC 3758
  kAddIpAddress = 0xC001,         // RFC 5061, as are the next four
  kDeleteIpAddress = 0xC002,
  kErrorCauseIndication = 0xC003,
  kSetPrimaryAddress = 0xC004,
  kSuccessIndication = 0xC005,
  kAdaptationIndication = 0xC006,
};

enum class CauseCode : std::uint16_t {  // §3.3.10
  kInvalidStreamIdentifier = 1,
  kMissingMandatoryParameter = 2,
  kStaleCookie = 3,
  kOutOfResource = 4,
  kUnresolvableAddress = 5,
  kUnrecognizedChunkType = 6,
  kInvalidMandatoryParameter = 7,
  kUnrecognizedParameters = 8,
  kNoUserData = 9,
  kCookieReceivedWhileShuttingDown = 10,
  kRestartWithNewAddresses = 11,
  kUserInitiatedAbort = 12,
  kProtocolViolation = 13,
};

// What the two high bits of an unknown chunk or parameter type ask for (§3.2, §3.2.1).
struct UnknownAction {
  bool stop;    // bit 0x80 clear: process nothing after it in this packet (chunk) or in this chunk (parameter)
  bool report;  // bit 0x40 set: tell the sender
};
constexpr UnknownAction action_for_unknown_chunk(std::uint8_t type) noexcept {
  return {(type & 0x80) == 0, (type & 0x40) != 0};
}
constexpr UnknownAction action_for_unknown_parameter(std::uint16_t type) noexcept {
  return {(type & 0x8000) == 0, (type & 0x4000) != 0};
}

// Chunk flags.
inline constexpr std::uint8_t kDataFlagEnd = 0x01;        // E
inline constexpr std::uint8_t kDataFlagBeginning = 0x02;  // B
inline constexpr std::uint8_t kDataFlagUnordered = 0x04;  // U
inline constexpr std::uint8_t kDataFlagImmediate = 0x08;  // I (RFC 7053)
inline constexpr std::uint8_t kFlagTagReflected = 0x01;   // T of ABORT and SHUTDOWN COMPLETE

}  // namespace netsctp::wire
