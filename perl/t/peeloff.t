# sctp_peeloff: a socket of one association, while the others go on.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Test::More;

my $server = server();
my @clients = map { client($server) } 1 .. 3;
my %id;
for my $i (0 .. 2) {
  $clients[$i]->sctp_sendmsg("client $i");
  $server->sctp_recvmsg;
  $id{$i} = $server->get_AssocID;
}

my $branch = $server->sctp_peeloff($id{1});
isa_ok($branch, 'Net::SCTP', 'the branch');
ok($branch->get_Socket, 'it has a descriptor');
isnt($branch->get_Socket, $server->get_Socket, 'of its own');
is($branch->get_OneToMany, 0, 'it is one-to-one');
is($branch->get_PeerHost, '127.0.0.1', 'PeerHost');
is($branch->get_PeerPort, $clients[1]->get_LocalPort, 'PeerPort');
is($branch->get_AssocID, $id{1}, 'get_AssocID');
is_deeply([$branch->getpeername], ['127.0.0.1', 16], 'getpeername');

for my $round (1 .. 3) {
  $_->sctp_sendmsg("round $round") for @clients;
  is(($branch->sctp_recvmsg)[0], "round $round", 'the branch gets its own');
  is($branch->get_RecvInfo->{assoc_id}, $branch->get_AssocID, 'with all attributes');
  $branch->sctp_sendmsg("branch $round");
  is(($clients[1]->sctp_recvmsg)[0], "branch $round", 'and answers it');
  for (0, 2) {
    is(($server->sctp_recvmsg)[0], "round $round", 'the server gets the others');
    isnt($server->get_PeerPort, $clients[1]->get_LocalPort, 'only those');
    $server->sctp_sendmsg("server $round");
  }
  is(($clients[$_]->sctp_recvmsg)[0], "server $round", 'and answers them') for 0, 2;
}

fails_undef($server->sctp_peeloff($id{1}), $server, qr/^sctp_peeloff of association \d+: Invalid argument/, 'twice');
fails_undef($server->sctp_peeloff(987_654), $server, qr/^sctp_peeloff of association 987654: /, 'an association that is none');
fails_undef($server->sctp_peeloff('x'), $server, qr/'x' is no association's id/, 'not even an id');
fails_undef($branch->sctp_peeloff($id{0}), $branch, qr/^sctp_peeloff/, 'from a one-to-one socket');
my $fresh = server();
fails_undef($fresh->sctp_peeloff, $fresh, qr/which association\?/, 'none yet');

$clients[0]->sctp_sendmsg('last');
$server->sctp_recvmsg;
my $last = $server->sctp_peeloff;
is($last->get_AssocID, $id{0}, 'without an argument: the association of the last message');
undef $branch;
is_deeply([$clients[1]->sctp_recvmsg(10, 0x40)], [undef, -1], 'a branch that is gone has ended its association') or diag $clients[1]->error;
$clients[2]->sctp_sendmsg('still');
is(($server->sctp_recvmsg)[0], 'still', 'the server goes on');

done_testing;
