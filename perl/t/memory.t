# Nothing leaks: thousands of objects, messages, options and failures, and the process is as large as before.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Time::HiRes ();
use Test::More;
BEGIN { Net::SCTP->import(':all') }

plan skip_all => 'this needs /proc/self/status' unless -r '/proc/self/status';

# What the process has written to, in KiB.
sub resident {
  open my $status, '<', '/proc/self/status' or die $!;
  return (map { /^VmRSS:\s+(\d+)/ ? $1 : () } <$status>)[0];
}

# Runs it until everything that is kept for good has been made, then counts.
sub grows {
  my ($name, $rounds, $code, $allowed) = @_;
  $code->($_) for 1 .. $rounds / 4;
  my $before = resident();
  $code->($_) for 1 .. $rounds;
  my $grown = resident() - $before;
  cmp_ok($grown, '<', $allowed // 500, "$name, $rounds times: no growth") or diag "$grown KiB";
  return;
}

my $server = server();
my $client = client($server);
my ($single_server, $single) = one_to_one();
# One-way traffic of short messages would wait for the delayed acknowledgement of each (Nagle).
$_->setsockopt({ SCTP_NODELAY => 1 }) for $client, $single;

grows('objects without a socket', 20_000, sub { Net::SCTP->new({ LocalHost => ['127.0.0.1'], LocalPort => 5 }) });
grows('objects with a socket and a handle', 2_000, sub { my $s = Net::SCTP->new({}); $s->socket; $s->handle });
grows('messages', 10_000, sub {
  $client->sctp_sendmsg("message $_[0]", { stream => 1, ppid => 3 });
  my ($message) = $server->sctp_recvmsg;
  $server->get_RecvInfo;
  $server->sctp_sendmsg($message);
  $client->sctp_recvmsg(5);
  $client->sctp_recvmsg(100);
});
grows('large messages', 400, sub {
  $single->sctp_sendmsg('x' x 100_000);
  my $left = 100_000;
  $left -= ($single_server->sctp_recvmsg(200_000))[1] while $left > 0;
}, 1000);
grows('other ways to send and receive', 3_000, sub {
  $client->sctp_sendv(['a', 'b'], undef, { stream => 1 });
  $server->sctp_recvv;
  $single->send('c');
  $single_server->recv(my $buffer, 10);
  $single->write('d');
  $single_server->read($buffer, 10);
  $client->sctp_sendx('e', ['127.0.0.1']);
  $server->sctp_recvmsg;
});
grows('options', 300, sub {
  $server->getsockopt;
  $server->setsockopt({ SCTP_RTOINFO => { srto_initial => 1000 }, SCTP_EVENTS => { sctp_address_event => 0 } });
  $client->sctp_opt_info($client->get_AssocID, 'SCTP_STATUS');
});
grows('addresses', 3_000, sub { my @all = ($client->sctp_getpadders, $server->sctp_getladders(0), $single->getpeername) });
grows('failures', 3_000, sub {
  $client->sctp_sendmsg('x', { wrong => 1 });
  $client->setsockopt({ SCTP_RTOINFO => { wrong => 1 } });
  $client->sctp_recvmsg(10, MSG_DONTWAIT);
  $client->bind('b@d');
  eval { $client->sctp_sendmsg("\x{100}") };
});
grows('calls that a handler dies out of', 200, sub {
  my $waiting = 1;
  local $SIG{ALRM} = sub { die "out\n" if $waiting-- == 1 };    # once: a second one would miss the eval
  # The alarm may come before the call: then the next one gets it.
  eval { Time::HiRes::ualarm(2000, 2000); $server->sctp_recvmsg(50_000) while 1 };
  Time::HiRes::ualarm(0);
});
$SIG{ALRM} = sub { die "the test's deadline is over\n" };
alarm 60;
grows('associations', 400, sub {
  my $c = client($server, OneToMany => $_[0] % 2);
  $c->sctp_sendmsg('hello');
  my ($message) = $server->sctp_recvmsg;
  my $branch = $server->sctp_peeloff;
  $branch->sctp_sendmsg($message);
  $c->sctp_recvmsg;
}, 2000);

done_testing;
