#!/usr/bin/perl
# An SCTP server that prints each message and answers it. One host or several, one-to-many or one-to-one.
#
#   server.pl [-o HOST]... [-p PORT] [-m ANSWER] [-s] [-6] [-n COUNT]
#
#   -o  a local address; several times for several (default 127.0.0.1)
#   -p  the port (default 5556; 0: any, it is printed)
#   -m  the answer
#   -s  one-to-one: one association after the other
#   -6  IPv6
#   -n  ends after so many messages
use strict;
use warnings;
use Getopt::Std;
use Net::SCTP;

my @hosts;
while (@ARGV && $ARGV[0] eq '-o') { shift; push @hosts, shift }
getopts('p:m:s6n:', \my %given) or die "see the head of $0\n";
my $many = $given{s} ? 0 : 1;

my $server = Net::SCTP->new({
  LocalHost => @hosts > 1 ? \@hosts : $hosts[0] // ($given{6} ? '::1' : '127.0.0.1'),
  LocalPort => $given{p} // 5556,
  Listen    => 5,
  OneToMany => $many,
  IPV6      => $given{6},
});
$server->start_server or die $server->error, "\n";
$| = 1;
print 'listening on port ', $server->get_LocalPort, ', served by the ', Net::SCTP->backend, "\n";

my $left = $given{n};
while ($server->get_Socket) {
  $server->accept if !$many;
  my ($message, $length) = $server->sctp_recvmsg;
  next if $length == 0;    # an association that ended without a word
  die $server->error, "\n" if $length < 0;
  print $server->get_PeerHost, ':', $server->get_PeerPort, " sent $length bytes: $message\n";
  $server->sctp_sendmsg($given{m} // 'I am the Server!!');
  last if defined $left && --$left == 0;
}
