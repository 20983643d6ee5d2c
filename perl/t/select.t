# The descriptors are real: select, IO::Select, IO::Poll; blocking or not; the object as a filehandle.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use IO::Poll qw(POLLIN POLLOUT POLLHUP);
use IO::Select;
use Test::More;
BEGIN { Net::SCTP->import(':all') }

my $server = server();
my $client = client($server);

for ([number => $server->{Socket}], [object => $server], [handle => $server->handle]) {
  my ($name, $what) = @$_;
  my $select = IO::Select->new($what);
  is_deeply([$select->can_read(0)], [], "IO::Select, $name: nothing there");
  $client->sctp_sendmsg("for $name");
  my @ready = $select->can_read(20);
  is(scalar(@ready), 1, "IO::Select, $name: ready");
  is(($server->sctp_recvmsg)[0], "for $name", 'and there it is');
  is_deeply([$select->can_read(0)], [], 'and no more');
  is(scalar($select->can_write(0)), 1, 'it can be written to');
}

{
  my $bits = '';
  vec($bits, $server->{Socket}, 1) = 1;
  $client->sctp_sendmsg('bits');
  is(select($bits, undef, undef, 20), 1, 'select');
  is(vec($bits, $server->{Socket}, 1), 1, 'says which');
  $server->sctp_recvmsg;
}

for my $what ($server, $server->handle) {
  my $poll = IO::Poll->new;
  $poll->mask($what => POLLIN);
  is($poll->poll(0), 0, 'IO::Poll: nothing there');
  $client->sctp_sendmsg('poll');
  is($poll->poll(20), 1, 'IO::Poll: ready');
  ok($poll->events($what) & POLLIN, 'POLLIN');
  $server->sctp_recvmsg;
}

is(fileno($server), $server->{Socket}, 'fileno(object)');
is($server->fileno, $server->{Socket}, '->fileno');
is(Net::SCTP->new({})->fileno, undef, 'of no socket');
ok($server, 'an object is true');
is("$server" =~ /^Net::SCTP=HASH/, 1, 'and a string as ever');
ok($server == $server, 'and equal to itself');

subtest 'a loop over a listener and its associations, by descriptor' => sub {
  my $listener = server(OneToMany => 0);
  my @clients  = map { client($listener, OneToMany => 0) } 1 .. 3;
  $clients[$_]->sctp_sendmsg("client $_") for 0 .. 2;
  my $select = IO::Select->new($listener->{Socket});
  my (%got, $ended);
  while (keys %got < 3 || $ended < 3) {
    my @ready = $select->can_read(20) or last;
    for my $descriptor (@ready) {
      if ($descriptor == $listener->{Socket}) {
        $select->add($listener->accept);
        next;
      }
      $listener->set_DestSocket($descriptor);
      my ($message, $length) = $listener->sctp_recvmsg;
      if ($length > 0) {
        $got{$message} = 1;
        $listener->sctp_sendmsg("answer to $message");
      } else {
        ++$ended;
        $select->remove($descriptor);
        $listener->close;
      }
    }
    for my $i (grep { $clients[$_] && $got{"client $_"} } 0 .. 2) {
      is(($clients[$i]->sctp_recvmsg)[0], "answer to client $i", "client $i is answered");
      undef $clients[$i];
    }
    $ended //= 0;
  }
  is($ended, 3, 'each has ended');
};

subtest 'not blocking' => sub {
  my $s = server();
  is($s->blocking, 1, 'sockets block');
  is($s->blocking(0), 1, 'blocking(0) returns what was');
  is($s->blocking, 0, 'and then they do not');
  is_deeply([$s->sctp_recvmsg], [undef, -1], 'sctp_recvmsg');
  ok($!{EAGAIN}, 'EAGAIN');
  $s->blocking(1);
  is($s->blocking, 1, 'and back');
  my $c = Net::SCTP->new({ PeerHost => '127.0.0.1', PeerPort => $s->get_LocalPort, OneToMany => 0 });
  $c->socket;
  $c->blocking(0);
  is($c->connect, -1, 'connect without blocking');
  ok($!{EINPROGRESS}, 'EINPROGRESS');
  is(scalar(IO::Select->new($c)->can_write(20)), 1, 'is writable when it is up');
  is($c->getsockopt('SO_ERROR')->{SO_ERROR}, 0, 'SO_ERROR');
  is($c->sctp_sendmsg('up'), 2, 'a message');
  is(($s->sctp_recvmsg)[0], 'up', 'arrives');
};

subtest 'as a filehandle' => sub {
  my ($s, $c) = one_to_one();
  is(syswrite($c, 'by handle'), 9, 'syswrite');
  is(sysread($s, my $buffer, 100), 9, 'sysread');
  is($buffer, 'by handle', 'the bytes');
  ok(close($c), 'close');
  is($c->get_Socket, undef, 'closes the socket');
  is(sysread($s, $buffer, 100), 0, 'the end');
  my $handle = do { my $gone = server(); $gone->handle };
  is(fileno($handle), undef, 'the handle of an object that is gone');
};

done_testing;
