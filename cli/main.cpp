// The command `netsctp`: its arguments.
#include <fmt/core.h>
#include <net/sctp.hpp>

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "conversation.hpp"
#include "failure.hpp"
#include "info.hpp"
#include "run.hpp"

namespace {

constexpr const char* kExamples = R"(
Examples:
  netsctp info
      which SCTP serves here, and why
  netsctp listen --port 5000
  netsctp connect --host 127.0.0.1 --port 5000
      two terminals: a line typed in one is a message in the other
  netsctp listen --port 5000 > copy
  netsctp connect --host 127.0.0.1 --port 5000 < file
      a file through an association
  netsctp listen --port 5000 --echo --keep-open
  echo hello | netsctp connect --host 127.0.0.1 --port 5000 --wait 1
      a server that answers what it is told
  netsctp listen --host 127.0.0.1 --host 127.0.0.2 --port 5000 --verbose
      an endpoint with two addresses, and what happens to its paths
  netsctp run iperf3 --sctp -c 127.0.0.1
      an unmodified program on netsctp's SCTP

Exit status: 0 done; 1 the network, the peer or the machine failed (standard error says how); 2 the arguments are wrong;
130, 143 interrupted.
Environment: NETSCTP_BACKEND=auto|kernel|stack, NETSCTP_LINK=udp|raw, NETSCTP_UDP_PORT=9899,
NETSCTP_TRACE=FILE.
)";

void add_common(CLI::App& command, cli::ConversationSettings& settings) {
  command.add_option("--port", settings.port, "SCTP port")->required()->type_name("PORT");
  command.add_option("--stream", settings.stream, "stream that standard input is sent on")
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--ppid", settings.ppid, "payload protocol identifier that is sent with it")
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--message-size", settings.message_size, "bytes of standard input a message, when it is no terminal")
      ->type_name("BYTES")
      ->check(CLI::Range(1, 16 * 1024 * 1024))
      ->capture_default_str();
  command.add_flag("--lines", settings.lines, "a line a message, also when standard input is no terminal");
  command.add_flag("--receive-only", settings.receive_only, "do not read standard input");
  command.add_flag("--one-to-one", settings.one_to_one, "use a one-to-one socket instead of a one-to-many one");
  command.add_flag("--echo", settings.echo, "send every message back instead of printing it");
  command.add_option("--trace", settings.trace, "write every packet to this pcapng file, for Wireshark")
      ->type_name("FILE");
  command.add_flag("--verbose,-v", settings.output.verbose,
                   "tell of messages, associations and paths on standard error");
  command.add_flag("--json", settings.output.json, "print messages and events as JSON, an object a line");
}

int run(int argc, char** argv) {
  CLI::App app("SCTP for every machine: messages over associations with many streams and several paths.", "netsctp");
  app.footer(kExamples);
  app.set_version_flag("--version", "netsctp " + std::string(net::sctp::version()));
  app.require_subcommand(1);

  bool info_as_json = false;
  CLI::App* const info =
      app.add_subcommand("info", "Which SCTP serves here (the kernel's or netsctp's own), why, and its limits");
  info->add_flag("--json", info_as_json, "as a JSON object");

  cli::ConversationSettings settings;
  CLI::App* const listen = app.add_subcommand("listen", "Take an association, print what comes, send standard input");
  listen->add_option("--host", settings.hosts, "local address; repeat it for several (default: all of this machine)")
      ->type_name("HOST")
      ->allow_extra_args(false);
  listen->add_flag("--keep-open", settings.keep_open, "go on after the first association has ended; several at a time");
  add_common(*listen, settings);
  listen->footer(
      "Ends with the association, or when standard input that gave something has ended. Exit status: see netsctp "
      "--help.");

  CLI::App* const connect =
      app.add_subcommand("connect", "Set up an association, send standard input, print what comes");
  connect->add_option("--host", settings.hosts, "the peer's address; repeat it for several addresses of the same peer")
      ->type_name("HOST")
      ->required()
      ->allow_extra_args(false);
  connect
      ->add_option_function<unsigned>(
          "--timeout", [&](unsigned seconds) { settings.timeout = std::chrono::seconds(seconds); },
          "give up when it is not up after so long (default: 10)")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 3600));
  connect
      ->add_option_function<unsigned>(
          "--wait", [&](unsigned seconds) { settings.wait = std::chrono::seconds(seconds); },
          "go on receiving so long after standard input has ended (default: 0)")
      ->type_name("SECONDS")
      ->check(CLI::Range(0, 86400));
  add_common(*connect, settings);
  connect->footer(
      "Ends with standard input, once everything is delivered, or with the association. Exit status: see netsctp "
      "--help.");

  bool tcp = false;
  CLI::App* const program = app.add_subcommand(
      "run", "Run a program whose SCTP sockets are netsctp's: netsctp run [--tcp] [--trace FILE] PROGRAM [ARGS...]");
  std::string program_trace;
  program
      ->add_option("--trace", program_trace, "write every packet to this pcapng file, for Wireshark (%p: process id)")
      ->type_name("FILE");
  program->add_flag("--tcp", tcp, "its TCP sockets too become SCTP (one-to-one style)");
  program->footer(
      "The program must be dynamically linked. It is served by libnetsctp_preload.so, and so is what it executes.\n"
      "Exit status: the program's; 127 it was not found, 126 it cannot be executed.");

  // What follows `run` and its options is another program's: not for this parser.
  std::vector<std::string> command;
  if (argc > 1 && std::string_view(argv[1]) == "run") {
    int own = 2;
    while (own < argc && argv[own][0] == '-' && std::string_view(argv[own]) != "--") {
      own += std::string_view(argv[own]) == "--trace" && own + 1 < argc ? 2 : 1;
    }
    command.assign(argv + (own < argc && std::string_view(argv[own]) == "--" ? own + 1 : own), argv + argc);
    argc = own;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::kSuccess : cli::kUsage;
  }
  settings.output.messages = !settings.echo;
  if (program->parsed()) {
    if (command.empty())
      throw cli::Failure("run what? netsctp run [--tcp] [--trace FILE] PROGRAM [ARGS...]", cli::kUsage);
    return cli::run_program(command, tcp, program_trace);
  }
  if (info->parsed()) return cli::print_info(info_as_json);
  if (!settings.trace.empty()) {
    std::error_code error;
    net::sctp::trace(settings.trace, error);
    if (error) throw cli::cannot_trace(settings.trace, error);
  }
  return listen->parsed() ? cli::run_listen(settings) : cli::run_connect(settings);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // standard output that is closed is an error of write
  try {
    return run(argc, argv);
  } catch (const cli::Failure& failure) {
    fmt::print(stderr, "netsctp: {}\n", failure.what());
    return failure.exit_status;
  } catch (const std::exception& error) {
    fmt::print(stderr, "netsctp: {}\n", error.what());
    return cli::kFailed;
  }
}
