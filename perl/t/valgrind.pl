# What t/valgrind.t runs: each call of the library once, and what a call does when it fails.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Time::HiRes ();
BEGIN { Net::SCTP->import(':all') }

my $server = server(LocalHost => ['127.0.0.1', '127.0.0.2']);
my $client = client($server, PeerHost => ['127.0.0.1', '127.0.0.2']);
my ($single_server, $single) = one_to_one();
for my $size (1, 10, 5_000, 70_000) {
  my $bytes = 'x' x $size;
  $client->sctp_sendmsg($bytes, { stream => 1, ppid => 46, context => 1, timetolive => 5000 });
  my $got = '';
  $got .= ($server->sctp_recvmsg(3000))[0] until $server->get_RecvInfo->{end_of_record} && length $got;
  die "not what was sent\n" if $got ne $bytes;
}
$server->sctp_sendmsg('back');
$client->sctp_recvmsg(1) for 1 .. 4;
$client->sctp_sendv(['a', "b\0", "\xe4"], undef, { stream => 1, pr_policy => SCTP_PR_SCTP_TTL, pr_value => 100 });
$server->setsockopt({ SCTP_RECVNXTINFO => 1 });
$server->sctp_recvv;
$client->sctp_sendx('x', ['127.0.0.1', '127.0.0.2'], { ppid => 1 });
$server->recv(my $buffer, 10);
$client->sctp_send('y');
$server->read($buffer, 10, 3);
$single->send('z');
$single_server->recvfrom($buffer, 10);
my $upgraded = "\xe4\xf6";
utf8::upgrade($upgraded);
$single->write($upgraded);
$single_server->sctp_recvmsg;
eval { $single->write("\x{100}"); 1 } and die "a wide character went through\n";

$_->getsockopt for $server, $client, $single;
$server->setsockopt({ SCTP_EVENTS => { sctp_association_event => 1, sctp_shutdown_event => 1, sctp_address_event => 1 } });
$client->setsockopt({ SCTP_PRIMARY_ADDR => { ssp_addr => '127.0.0.2', assoc_id => $client->get_AssocID } });
$client->sctp_opt_info($client->get_AssocID, 'SCTP_STATUS') or die $client->error;
my @addresses = ($client->sctp_getpadders, $server->sctp_getladders(0), $single->getpeername, $single->getsockname);
$client->sctp_sendmsg('to be peeled off');
do { $server->sctp_recvmsg } while $server->get_RecvInfo->{notification};
my $branch = $server->sctp_peeloff or die $server->error;
$branch->sctp_sendmsg('from the branch');
$client->sctp_recvmsg;
$client->handle;
fileno($client) == $client->{Socket} or die;
$client->blocking(0);
$client->blocking(1);
$single->shutdown(3);
$single_server->sctp_recvmsg;
$single->sctp_sendmsg('too late');
$client->sctp_connectx(['127.0.0.3']);
$client->connect('127.0.0.3');
$client->bindx(['127.0.0.4']);
$client->bindx(['127.0.0.4'], 2);
$client->sctp_peeloff(12_345);
my $waiting = 1;
local $SIG{ALRM} = sub { die "out\n" if $waiting-- == 1 };
eval { Time::HiRes::ualarm(200_000, 200_000); $server->sctp_recvmsg while 1 };
Time::HiRes::ualarm(0);
$_->close for $client, $single, $single_server, $server;
undef $branch;
print "done\n";
