# threads: objects stay with the thread that made them, and every thread may make its own.
use strict;
use warnings;
use Config;
BEGIN {
  if (!$Config{useithreads}) { print "1..0 # SKIP this perl has no threads\n"; exit }
}
use threads;
use lib 't/lib';
use SCTPTest;
use Test::More;

my $server = server();
my $port   = $server->get_LocalPort;
my $seen   = threads->create(sub { ref $server eq 'Net::SCTP' ? 'an object' : 'none' })->join;
is($seen, 'none', 'a new thread gets no copy');

my @threads = map {
  my $number = $_;
  threads->create(sub {
    my $c = Net::SCTP->new({ LocalHost => '127.0.0.1', PeerHost => '127.0.0.1', PeerPort => $port });
    $c->start_client or return $c->error;
    for my $round (1 .. 50) {
      $c->sctp_sendmsg("thread $number round $round");
      my ($answer) = $c->sctp_recvmsg;
      return "got $answer" if $answer ne "answer to thread $number round $round";
    }
    return 'done';
  });
} 1 .. 4;
for (1 .. 200) {
  my ($message) = $server->sctp_recvmsg;
  $server->sctp_sendmsg("answer to $message");
}
is($_->join, 'done', 'a thread with a socket of its own') for @threads;
my $client = client($server);
$client->sctp_sendmsg('after');
is(($server->sctp_recvmsg)[0], 'after', 'the thread that made the server still has it');

done_testing;
