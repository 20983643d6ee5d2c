#!/usr/bin/perl
# An SCTP client that sends a message and prints the answer. One host or several, one-to-many or one-to-one.
#
#   client.pl [-o HOST]... [-p PORT] [-m MESSAGE] [-s] [-6]
#
#   -o  an address of the server; several times for several (default 127.0.0.1)
#   -p  its port (default 5556)
#   -m  the message
#   -s  one-to-one
#   -6  IPv6
use strict;
use warnings;
use Getopt::Std;
use Net::SCTP;

my @hosts;
while (@ARGV && $ARGV[0] eq '-o') { shift; push @hosts, shift }
getopts('p:m:s6', \my %given) or die "see the head of $0\n";

my $client = Net::SCTP->new({
  PeerHost  => @hosts > 1 ? \@hosts : $hosts[0] // ($given{6} ? '::1' : '127.0.0.1'),
  PeerPort  => $given{p} // 5556,
  OneToMany => $given{s} ? 0 : 1,
  IPV6      => $given{6},
});
$client->start_client or die $client->error, "\n";
$client->sctp_sendmsg($given{m} // 'I am the Client!!') >= 0 or die $client->error, "\n";
my ($message, $length) = $client->sctp_recvmsg;
die $client->error, "\n" if $length < 0;
print "received $length bytes: $message\n";
print 'from ', join(', ', sort $client->sctp_getpadders), "\n";
$client->close;
