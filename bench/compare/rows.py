"""What is compared: the peers, the rows of the table, and the targets. Nothing here measures."""
import contextlib
import dataclasses
import pathlib
import socket

KIB = 1024
MIB = 1024 * KIB


@dataclasses.dataclass(frozen=True)
class Peer:
    """One column of the table: a pair of processes and its best settings."""
    key: str
    name: str
    settings: str           # in words, for the reader
    program: tuple          # without role and work
    buffer: int = 0         # SO_SNDBUF and SO_RCVBUF of a bulk transfer; 0: the transport's own choice
    environment: tuple = ()
    largest_mtu: int = 0    # what it can carry, where that is less than asked for
    one_port: bool = False  # both processes behind one UDP port
    runner: str = "pair"    # or "iperf3"


PEERS = {peer.key: peer for peer in (
    Peer("netsctp", "netsctp", "C++ API, one UDP port each, UDP_SEGMENT and UDP_GRO, 2 MiB buffers",
         ("netsctp_load",), 2 * MIB, (("NETSCTP_BACKEND", "stack"),)),
    Peer("netsctp-plain", "netsctp, no batches", "the same with NETSCTP_UDP_BATCH=off: a packet a system call",
         ("netsctp_load",), 2 * MIB, (("NETSCTP_BACKEND", "stack"), ("NETSCTP_UDP_BATCH", "off"))),
    Peer("netsctp-rack", "netsctp, RACK", "the same as netsctp with NETSCTP_LOSS_DETECTION=rack: RACK-TLP, as Linux' TCP has it",
         ("netsctp_load",), 2 * MIB, (("NETSCTP_BACKEND", "stack"), ("NETSCTP_LOSS_DETECTION", "rack"))),
    Peer("netsctp-cubic", "netsctp, RACK and CUBIC", "the same as netsctp with NETSCTP_LOSS_DETECTION=rack, NETSCTP_CONGESTION=cubic",
         ("netsctp_load",), 2 * MIB, (("NETSCTP_BACKEND", "stack"), ("NETSCTP_LOSS_DETECTION", "rack"),
                                      ("NETSCTP_CONGESTION", "cubic"))),
    Peer("netsctp-bbr", "netsctp, RACK and BBR", "the same as netsctp with NETSCTP_LOSS_DETECTION=rack, NETSCTP_CONGESTION=bbr",
         ("netsctp_load",), 2 * MIB, (("NETSCTP_BACKEND", "stack"), ("NETSCTP_LOSS_DETECTION", "rack"),
                                      ("NETSCTP_CONGESTION", "bbr"))),
    Peer("netsctp-oneport", "netsctp, one port", "the same as netsctp, both processes behind one UDP port, its own buffers",
         ("netsctp_load",), 0, (("NETSCTP_BACKEND", "stack"),), one_port=True),
    Peer("iperf3", "iperf3, preload", "iperf3 --sctp under the preload library, both behind one UDP port",
         ("netsctp", "run", "iperf3"), 0, (("NETSCTP_BACKEND", "stack"),), one_port=True, runner="iperf3"),
    Peer("usrsctp", "usrsctp", "2 MiB buffers, 4 MiB for its UDP sockets, no limit of bursts or queued chunks; ECN, ASCONF, AUTH off, "
         "checksums on; it carries no path MTU of more than 60,000", ("usrsctp_load",), 2 * MIB, largest_mtu=60000),
    Peer("tcp", "TCP", "kernel, CUBIC, buffers tuned by the kernel; TCP_MAXSEG for the MTU",
         ("sockets_load", "--protocol", "tcp", "--congestion", "cubic")),
    Peer("tcp-reno", "TCP, Reno", "the same with Reno",
         ("sockets_load", "--protocol", "tcp", "--congestion", "reno")),
    Peer("tcp-bbr", "TCP, BBR", "the same with the kernel's BBR",
         ("sockets_load", "--protocol", "tcp", "--congestion", "bbr")),
    Peer("udp", "raw UDP", "datagrams of the MTU, UDP_SEGMENT and UDP_GRO, 4 MiB buffers; no reliability: what arrives counts",
         ("sockets_load", "--protocol", "udp"), 4 * MIB),
    Peer("udp-plain", "raw UDP, one by one", "the same, one system call a datagram",
         ("sockets_load", "--protocol", "udp", "--no-offload"), 4 * MIB),
    Peer("sctp", "kernel SCTP", "Linux's own, native IP, 1 MiB buffers", ("sockets_load", "--protocol", "sctp"), MIB),
)}


@dataclasses.dataclass(frozen=True)
class Row:
    key: str
    title: str
    figure: str             # what a run's result names it
    unit: str
    peers: tuple
    work: str = "throughput"
    options: tuple = ()     # of the load programs
    group: str = ""         # panel of the plot
    higher_is_better: bool = True
    scale: float = 1        # of the figure to the unit
    place: str = "loopback"  # or "path" (through the relay), "guest" (the kernel of test/vm)
    path: tuple = ()        # options of the relay
    seconds: float = 1      # relative to --seconds
    seeds: int = 1          # so many pairs side by side make one run, each with losses of its own; their mean counts
    source: str = ""        # another row whose runs are looked at
    repeat: int = 0         # runs of it whatever --repeat says; 0: what that says


def kernel_has_sctp():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP):
        return True
    return False


def tcp_has(congestion_control):
    with contextlib.suppress(OSError):
        return congestion_control in pathlib.Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text().split()
    return False


def size_name(size):
    return f"{size // MIB} MiB" if size >= MIB else f"{size // KIB} KiB" if size >= KIB and size % KIB == 0 else f"{size:,} B"


BULK = ("netsctp", "netsctp-plain", "usrsctp", "tcp", "udp", "udp-plain") + (("sctp",) if kernel_has_sctp() else ())
SIZES = (64, KIB, 1444, 16 * KIB, 64 * KIB, MIB)
GBIT = dict(figure="bits_per_second", unit="Gbit/s", scale=1e-9)


def throughput_rows():
    for size in SIZES:
        key = f"throughput-{size}"
        more = ("netsctp-oneport", "iperf3") if size in (KIB, 16 * KIB, 64 * KIB) else ()
        yield Row(key, size_name(size), peers=BULK + more, options=("--size", size), group="throughput", **GBIT)
    yield Row("throughput-loopback-mtu", "64 KiB, MTU of loopback", peers=("netsctp", "usrsctp", "tcp", "udp"),
              options=("--size", 64 * KIB, "--mtu", 65535), group="throughput", **GBIT)
    yield Row("messages-64", "64 B", "messages_per_second", "million/s", BULK, scale=1e-6, group="messages",
              source="throughput-64")
    yield Row("cpu-16384", "16 KiB, both sides", "cpu_ns_per_byte", "ns/byte", BULK, group="CPU time",
              higher_is_better=False, source="throughput-16384")


def latency_rows():
    for events, how, peers in (((), "blocking", ("netsctp", "netsctp-oneport", "usrsctp", "tcp", "udp-plain")),
                               (("--events",), "epoll", ("netsctp", "usrsctp", "tcp", "udp-plain"))):
        key = f"ping-pong-{how}"
        for figure, name in (("p50_us", "p50"), ("p99_us", "p99"), ("p999_us", "p99.9")):
            yield Row(key if figure == "p50_us" else f"{key}-{name}", f"{how}, {name}", figure, "µs", peers,
                      "ping-pong", ("--size", 64) + events, "ping-pong, 64 B", False,
                      source="" if figure == "p50_us" else key)


def association_rows():
    for threads in (1, 8):
        yield Row(f"setups-{threads}", f"{threads} thread{'s' * (threads > 1)}", "setups_per_second", "per s",
                  ("netsctp", "usrsctp", "tcp"), "setups", ("--threads", threads), "set up and closed")
    for count in (1000, 10000, 100000):
        peers = ("netsctp", "usrsctp") if count < 40000 else ("netsctp",)  # usrsctp holds no more than 40,000
        for figure, end in (("bytes_per_association", "server"), ("client_bytes_per_association", "client")):
            key = f"memory-{count}"
            yield Row(key if end == "server" else f"{key}-{end}", f"{count:,} associations, {end}", figure, "bytes", peers,
                      "idle", ("--associations", count, "--server-sockets", max(1, count // 1000)),
                      "resident memory of an idle association", False, source="" if end == "server" else key,
                      repeat=1 if count == 100000 else 0)
    for count in (1, 100, 10000):
        yield Row(f"associations-{count}", f"{count:,} association{'s' * (count > 1)}, 16 KiB",
                  peers=("netsctp", "usrsctp", "tcp"), work="crowd", group="summed throughput",
                  options=("--size", 16 * KIB, "--associations", count, "--server-sockets", 10 if count > 100 else 1),
                  **GBIT)


def path_rows():
    for loss in (0, 0.1, 1, 3):
        yield Row(f"loss-{loss:g}", f"{loss:g} % loss", "bits_per_second", "Mbit/s",
                  ("netsctp", "netsctp-rack", "netsctp-cubic", "netsctp-bbr", "usrsctp", "tcp", "tcp-reno") +
                  (("tcp-bbr",) if tcp_has("bbr") else ()), options=("--size", 1444),
                  scale=1e-6, place="path", path=("--delay", 25, "--rate", 100, "--loss", loss), seconds=5,
                  seeds=8 if loss else 1, group="50 ms path, 100 Mbit/s")
    yield Row("failover", "a path goes silent", "longest_silence_ms", "ms", ("netsctp", "usrsctp"), "steady",
              ("--size", KIB), "time to fail over", False, place="path", path=("--delay", 5), seconds=4)


def guest_rows():
    for size in (64, KIB, 16 * KIB, 64 * KIB):
        yield Row(f"kernel-{size}", size_name(size), "bits_per_second", "Mbit/s",
                  ("netsctp", "usrsctp", "tcp", "sctp"), options=("--size", size, "--buffer", MIB), scale=1e-6,
                  place="guest", group="in a guest with the kernel's SCTP")


ROWS = {row.key: row for rows in (throughput_rows(), latency_rows(), association_rows(), path_rows(), guest_rows())
        for row in rows}


@dataclasses.dataclass(frozen=True)
class Target:
    """ours / theirs, of the medians of one run, is at least or at most `wanted`."""
    text: str
    row: str
    wanted: float
    theirs: str = ""        # a peer; none: the figure itself, in the row's unit
    ours: str = "netsctp"
    at_least: bool = True
    than_row: str = ""      # where `theirs` is looked up; none: in the same row


def targets():
    yield Target("throughput without batches, 1,444 B, to usrsctp's", "throughput-1444", 2, "usrsctp", "netsctp-plain")
    for size in SIZES[1:]:
        yield Target(f"throughput, {size_name(size)}, to usrsctp's", f"throughput-{size}", 10, "usrsctp")
        yield Target(f"throughput, {size_name(size)}, to TCP's", f"throughput-{size}", 0.4, "tcp")
    yield Target("throughput, 64 KiB at loopback's own MTU, to TCP's", "throughput-loopback-mtu", 0.8, "tcp")
    yield Target("64 B messages a second, to usrsctp's", "messages-64", 4, "usrsctp")
    yield Target("CPU time per byte, 16 KiB, to usrsctp's", "cpu-16384", 1 / 8, "usrsctp", at_least=False)
    yield Target("ping-pong p50, blocking, to a UDP socket's", "ping-pong-blocking", 1.15, "udp-plain", at_least=False)
    yield Target("ping-pong p99, blocking, to a UDP socket's", "ping-pong-blocking-p99", 1.5, "udp-plain", at_least=False)
    for threads in (1, 8):
        yield Target(f"setups and closes a second, {threads} thread{'s' * (threads > 1)}, to usrsctp's",
                     f"setups-{threads}", 3, "usrsctp")
    yield Target("bytes of an idle association at 100,000", "memory-100000", 2048, at_least=False)
    yield Target("the same to that at 10,000 (growth is linear)", "memory-100000", 1.1, "netsctp", at_least=False,
                 than_row="memory-10000")
    yield Target("throughput of 10,000 associations to that of 1", "associations-10000", 0.8, "netsctp",
                 than_row="associations-1")
    yield Target("50 ms, 1 % loss, to usrsctp's", "loss-1", 2, "usrsctp")
    yield Target("50 ms, 1 % loss, to TCP's with Reno", "loss-1", 1, "tcp-reno")
    yield Target("50 ms, 1 % loss, RACK, to TCP's with Reno", "loss-1", 1, "tcp-reno", "netsctp-rack")
    yield Target("50 ms, 1 % loss, RACK and CUBIC, to usrsctp's", "loss-1", 2, "usrsctp", "netsctp-cubic")
    yield Target("50 ms, 1 % loss, RACK and CUBIC, to TCP's with CUBIC", "loss-1", 1, "tcp", "netsctp-cubic")
    yield Target("50 ms, 1 % loss, RACK and BBR, to usrsctp's", "loss-1", 2, "usrsctp", "netsctp-bbr")
    for size in (KIB, 16 * KIB, 64 * KIB):
        yield Target(f"iperf3 under the preload library, {size_name(size)}, to the C++ API", f"throughput-{size}", 0.85,
                     "netsctp-oneport", "iperf3")
    for size in (64, KIB, 16 * KIB, 64 * KIB):
        yield Target(f"in the guest, {size_name(size)}, to the kernel's SCTP", f"kernel-{size}", 1, "sctp")


TARGETS = tuple(targets())
