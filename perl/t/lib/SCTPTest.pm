# What the tests share: a UDP port of their own, a deadline, sockets on loopback addresses, children.
package SCTPTest;
use strict;
use warnings;
use Test::More;
use Exporter 'import';
our @EXPORT = qw(server client one_to_one in_child finished other_perl fails fails_undef random_bytes wait_for);

# Before the library looks: it is loaded by the test itself.
BEGIN {
  $ENV{NETSCTP_UDP_PORT} //= 20_000 + $$ % 12_000;
  $SIG{ALRM} = sub { die "the test's deadline is over\n" };
  alarm($ENV{NETSCTP_TEST_DEADLINE} // 100);
}
use Net::SCTP qw(:all);
use IO::Select;

# A one-to-many server on 127.0.0.1, unless told otherwise.
sub server {
  my $server = Net::SCTP->new({ LocalHost => '127.0.0.1', Listen => 10, @_ });
  $server->start_server or die 'server: ' . $server->error;
  return $server;
}

# A client of it, connected.
sub client {
  my ($server, %more) = @_;
  my $client = Net::SCTP->new({ LocalHost => '127.0.0.1', PeerHost => '127.0.0.1', PeerPort => $server->get_LocalPort, %more });
  $client->start_client or die 'client: ' . $client->error;
  return $client;
}

# Server and client in one-to-one style, accepted.
sub one_to_one {
  my $server = server(OneToMany => 0, @_);
  my $client = client($server, OneToMany => 0, @_);
  $server->accept >= 0 or die 'accept: ' . $server->error;
  return ($server, $client);
}

# fails($result, $object, qr/sentence/, $name): -1, with $! and a sentence.
sub fails {
  my ($result, $object, $sentence, $name) = @_;
  my $errno = $! + 0;
  local $Test::Builder::Level = $Test::Builder::Level + 1;
  return ok(0, $name) || diag 'it did not fail: ' . ($result // 'undef') if !defined $result || $result != -1;
  return ok(0, $name) || diag 'errno is not set' unless $errno;
  return like(ref $object ? $object->error : Net::SCTP->error, $sentence, $name);
}

sub fails_undef {
  my ($result, $object, $sentence, $name) = @_;
  my $errno = $! + 0;
  local $Test::Builder::Level = $Test::Builder::Level + 1;
  return ok(0, $name) || diag "it did not fail: $result" if defined $result;
  return ok(0, $name) || diag 'errno is not set' unless $errno;
  return like(ref $object ? $object->error : Net::SCTP->error, $sentence, $name);
}

# A child that runs the code and ends with its result as exit status.
sub in_child {
  my ($code) = @_;
  my $child = fork // die "fork: $!";
  return $child if $child;
  alarm 60;
  my $status = eval { $code->() } // 99;
  warn $@ if $@;
  require POSIX;
  POSIX::_exit($status);
}

# Waits for a child: its exit status, or minus the signal.
sub finished { my ($child) = @_; waitpid $child, 0; return $? & 127 ? -($? & 127) : $? >> 8 }

# Another perl with the same libraries: a handle to read its output from, and its process.
sub other_perl {
  my @arguments = @_;
  my $process = open my $output, '-|', $^X, (map { "-I$_" } grep { !ref } @INC), @arguments or die "$^X: $!";
  return ($output, $process);
}

sub random_bytes { my ($count) = @_; return join '', map { chr int rand 256 } 1 .. $count }

sub wait_for { my ($object, $seconds) = @_; return scalar IO::Select->new($object)->can_read($seconds // 20) }

1;
