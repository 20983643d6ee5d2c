#!/usr/bin/env bash
# Perl's Socket: a server and a client in two processes, buffered and unbuffered I/O, select.
source "${SOURCE_DIR:?}/test/scripts/preload.bash"
needs perl
new_port
cat >"$place/server.pl" <<'END_PERL'
use strict; use Socket;
socket(my $listener, AF_INET, SOCK_STREAM, 132) or die "socket: $!";
setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1) or die "setsockopt: $!";
bind($listener, pack_sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die "bind: $!";
listen($listener, 5) or die "listen: $!";
my $peer = accept(my $client, $listener) or die "accept: $!";
my ($port, $host) = unpack_sockaddr_in($peer);
inet_ntoa($host) eq "127.0.0.1" or die "peer";
while (my $line = <$client>) { syswrite($client, uc $line) or die "write: $!"; }
END_PERL
cat >"$place/client.pl" <<'END_PERL'
use strict; use Socket; use IO::Handle;
socket(my $socket, AF_INET, SOCK_STREAM, 132) or die "socket: $!";
connect($socket, pack_sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die "connect: $!";
$socket->autoflush(1);
for my $word (qw(hello world)) {
  print $socket "$word\n" or die "print: $!";
  my $bits = ''; vec($bits, fileno($socket), 1) = 1;
  select($bits, undef, undef, 5) == 1 or die "select";
  my $answer = <$socket>;
  $answer eq uc "$word\n" or die "answer: $answer";
}
open(my $twin, "+<&", $socket) or die "dup: $!";
close $socket;
defined send($twin, "last\n", 0) or die "send: $!";
defined recv($twin, my $answer, 100, 0) or die "recv: $!";
$answer eq "LAST\n" or die "answer: $answer";
print "ok: perl\n";
END_PERL
serve server.log perl "$place/server.pl" "$port"
listening "$port"
under perl "$place/client.pl" "$port" || fail "the client"
ended "the server"
