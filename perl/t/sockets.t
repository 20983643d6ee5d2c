# The life of a socket: socket, bind, bindx, connect, connectx, listen, accept, shutdown, close, start_server,
# start_client; in both styles, and what goes wrong.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Socket ();
use Test::More;
BEGIN { Net::SCTP->import(':all') }

my $localhost = '127.0.0.1';

subtest 'socket' => sub {
  for ([1, Socket::SOCK_SEQPACKET()], [0, Socket::SOCK_STREAM()]) {
    my ($many, $type) = @$_;
    my $s = Net::SCTP->new({ OneToMany => $many });
    my $descriptor = $s->socket;
    like($descriptor, qr/^[1-9][0-9]*$/, 'a descriptor');
    is($s->get_Socket, $descriptor, 'get_Socket');
    is($s->{Socket},   $descriptor, '{Socket}');
    is($s->getsockopt('SO_TYPE')->{SO_TYPE}, $type, 'of the style asked for');
    is($s->getsockopt('SO_DOMAIN')->{SO_DOMAIN}, Socket::AF_INET(), 'IPv4');
  }
  my $s = Net::SCTP->new({ IPV6 => 1 });
  ok($s->socket > 0, 'IPV6');
  is($s->getsockopt('SO_DOMAIN')->{SO_DOMAIN}, Socket::AF_INET6(), 'makes an IPv6 socket');
};

subtest 'descriptor 0, which would be false, is never handed out' => sub {
  my ($output) = other_perl('-e', 'use Net::SCTP; close STDIN; my $s = Net::SCTP->new({}); $s->socket; print $s->{Socket} ? "true" : "false"');
  is(<$output>, 'true', 'a true descriptor');
};

subtest 'bind' => sub {
  my $s = Net::SCTP->new({ LocalHost => $localhost });
  $s->socket;
  is($s->bind, 0, 'LocalHost by default');
  ok($s->get_LocalPort > 0, 'LocalPort says which port it has become');
  is_deeply([($s->getsockname)[0]], [$localhost], 'getsockname');
  fails($s->bind, $s, qr/^bind to 127\.0\.0\.1 port \d+: /, 'twice');

  my $taken = Net::SCTP->new({ LocalPort => $s->get_LocalPort });
  $taken->socket;
  fails($taken->bind($localhost), $taken, qr/Address already in use/, 'a port that is taken');
  ok($taken->bind($localhost) == -1 && $!{EADDRINUSE}, 'EADDRINUSE');

  my $other = Net::SCTP->new({ LocalHost => '127.0.0.1' });
  $other->socket;
  is($other->bind('127.0.0.3'), 0, 'the argument comes before LocalHost');
  is(($other->getsockname)[0], '127.0.0.3', 'and is the address');

  my $any = Net::SCTP->new({});
  $any->socket;
  is($any->bind, 0, 'no host: any address');
  is(($any->getsockname)[0], '0.0.0.0', 'the wildcard');
  my @hosts = undef;
  my $undef = Net::SCTP->new({ LocalHost => \@hosts });
  $undef->socket;
  is($undef->bind, 0, 'an array of one undef: any address');

  my $many = Net::SCTP->new({ LocalHost => [$localhost, '127.0.0.2'] });
  $many->socket;
  fails($many->bind, $many, qr/bindx/, 'an array of hosts: bindx is named');
  fails($many->bind([$localhost]), $many, qr/bindx/, 'as an argument too');
  fails($many->bind('300.1.2.3'), $many, qr/LocalHost is '300\.1\.2\.3': that is no address/, 'a bad address');
  fails($many->bind('not a host!'), $many, qr/LocalHost is 'not a host!': that is no name of a host/, 'a bad name');
  fails($many->bind('::1'), $many, qr/'::1', an IPv6 address: that needs IPV6 => 1/, 'IPv6 on an IPv4 socket');
  fails($many->bind('192.0.2.77'), $many, qr/bind to 192\.0\.2\.77: .*assign/, 'not an address of ours');
  $many->{LocalPort} = 'x y';
  fails($many->bind($localhost), $many, qr/LocalPort is 'x y': a port is a number from 0 to 65535/, 'a bad port');

  my $auto = Net::SCTP->new({ LocalHost => $localhost, AutoBind => 1 });
  $auto->socket;
  fails($auto->bind, $auto, qr/AutoBind/, 'with AutoBind');
};

subtest 'bindx' => sub {
  for my $method (qw(bindx sctp_bindx)) {
    my $s = Net::SCTP->new({ LocalHost => [$localhost, '127.0.0.2'] });
    $s->socket;
    is($s->$method, 0, "$method of LocalHost");
    is_deeply([sort $s->sctp_getladders], [$localhost, '127.0.0.2'], 'both addresses');
    is($s->$method(['127.0.0.3']), 0, 'one more');
    is($s->$method(['127.0.0.2'], 2), 0, 'flag 2 removes');
    is_deeply([sort $s->sctp_getladders], [$localhost, '127.0.0.3'], 'the addresses then');
    is($s->$method('127.0.0.4', SCTP_BINDX_ADD_ADDR()), 0, 'a string will do');
    fails($s->$method(['127.0.0.9'], 2), $s, qr/bindx to remove 127\.0\.0\.9/, 'one that is not there');
    fails($s->$method(['127.0.0.9'], 3), $s, qr/the flag is '3'/, 'a flag that is none');
    fails($s->$method(['nonsense host']), $s, qr/LocalHost is 'nonsense host'/, 'a bad host');
  }
  my $any = Net::SCTP->new({});
  $any->socket;
  is($any->bindx([undef]), 0, 'an array of one undef: any address');
  is(($any->getsockname)[0], '0.0.0.0', 'the wildcard');
};

subtest 'connect, one-to-many' => sub {
  my ($one, $two) = (server(), server());
  my $c = Net::SCTP->new({ LocalHost => $localhost, PeerHost => $localhost, PeerPort => $one->get_LocalPort });
  $c->socket;
  is($c->connect, 0, 'PeerHost by default');
  my $first = $c->get_AssocID;
  ok($first >= 3, 'get_AssocID');
  $c->set_PeerPort($two->get_LocalPort);
  is($c->connect($localhost), 0, 'again, to another peer');
  isnt($c->get_AssocID, $first, 'another association');
  is($c->getsockopt('SCTP_GET_ASSOC_NUMBER')->{SCTP_GET_ASSOC_NUMBER}, 2, 'two of them');
  is($c->sctp_sendmsg('to two'), 6, 'a message goes to the last peer');
  is(($two->sctp_recvmsg)[0], 'to two', 'and arrives');
  $c->set_PeerPort($one->get_LocalPort);
  is($c->sctp_sendmsg('to one'), 6, 'PeerPort chooses');
  is(($one->sctp_recvmsg)[0], 'to one', 'and it arrives there');
};

subtest 'connect, what goes wrong' => sub {
  my $c = Net::SCTP->new({ PeerPort => 9 });
  $c->socket;
  fails($c->connect, $c, qr/PeerHost is empty/, 'nobody to connect to');
  ok($!{EDESTADDRREQ} || $c->connect == -1 && $!{EDESTADDRREQ}, 'EDESTADDRREQ');
  fails($c->connect('bad host'), $c, qr/PeerHost is 'bad host'/, 'a bad host');
  fails($c->connect('::1'), $c, qr/IPV6/, 'IPv6 without IPV6');
  fails($c->connect('127.0.0.1'), $c, qr/^connect to 127\.0\.0\.1 port 9: Connection refused/, 'nobody there');
  $c->{PeerPort} = 66_000;
  fails($c->connect('127.0.0.1'), $c, qr/PeerPort is '66000'/, 'a bad port');
};

for my $method (qw(sctp_connectx connectx)) {
  subtest $method => sub {
    my $server = server(LocalHost => [$localhost, '127.0.0.2']);
    my $hosts  = [$localhost, '127.0.0.2'];
    my %peer   = (LocalHost => [$localhost, '127.0.0.2'], PeerPort => $server->get_LocalPort);
    for my $form ('\@hosts', '$id, \@hosts', 'none') {
      my $c = Net::SCTP->new({ %peer, $form eq 'none' ? (PeerHost => $hosts) : () });
      $c->socket;
      $c->bindx;
      is($c->$method($form eq 'none' ? () : $form eq '\@hosts' ? $hosts : (0, $hosts)), 0, "arguments: $form");
      ok($c->get_AssocID >= 3, 'get_AssocID');
      is_deeply([sort $c->sctp_getpadders], $hosts, 'both addresses of the peer');
      is($c->sctp_sendmsg('x'), 1, 'an array PeerHost can be sent to');
      is(($server->sctp_recvmsg)[0], 'x', 'it arrives');
    }
    my $c = Net::SCTP->new({ PeerPort => 9 });
    $c->socket;
    fails($c->$method, $c, qr/PeerHost is empty/, 'nobody to connect to');
    fails($c->$method([undef]), $c, qr/PeerHost is empty/, 'an array of nobody');
    fails($c->$method(['127.0.0.1', 'b@d']), $c, qr/PeerHost is 'b\@d'/, 'a bad host among good ones');
    fails($c->$method(['127.0.0.1']), $c, qr/^sctp_connectx to 127\.0\.0\.1 port 9: Connection refused/, 'nobody there');
  };
}

subtest 'connect of an array is connectx' => sub {
  my $server = server(LocalHost => [$localhost, '127.0.0.2']);
  my $c = Net::SCTP->new({ PeerHost => [$localhost, '127.0.0.2'], PeerPort => $server->get_LocalPort });
  $c->socket;
  is($c->connect, 0, 'connect');
  is_deeply([sort $c->sctp_getpadders], [$localhost, '127.0.0.2'], 'to both');
};

subtest 'listen and accept' => sub {
  my ($server, $client) = one_to_one();
  like($server->get_DestSocket, qr/^[0-9]+$/, 'DestSocket');
  isnt($server->get_DestSocket, $server->get_Socket, 'is another descriptor');
  is($server->get_PeerHost, $localhost, 'PeerHost is who came');
  is($client->sctp_sendmsg('for you'), 7, 'a message');
  is(($server->sctp_recvmsg)[0], 'for you', 'is received on DestSocket');
  is($server->sctp_sendmsg('and you'), 7, 'and answered there');
  is(($client->sctp_recvmsg)[0], 'and you', 'received');

  my $first  = $server->get_DestSocket;
  my $second = client($server, OneToMany => 0);
  my $accepted = $server->accept;
  is($accepted, $server->{DestSocket}, 'accept returns the descriptor');
  isnt($accepted, $first, 'a second association');
  $second->sctp_sendmsg('second');
  is(($server->sctp_recvmsg)[0], 'second', 'received on the second');
  $server->set_DestSocket($first);
  $client->sctp_sendmsg('first');
  is(($server->sctp_recvmsg)[0], 'first', 'set_DestSocket goes back to the first');

  my $many = server();
  fails($many->accept, $many, qr/^accept: /, 'on a one-to-many socket');
  my $idle = Net::SCTP->new({ OneToMany => 0 });
  $idle->socket;
  fails($idle->accept, $idle, qr/^accept: Invalid argument/, 'without listen');
  $idle->set_listener('lots');
  fails($idle->listen, $idle, qr/Listen is 'lots': it must be a number/, 'a backlog that is none');
  $idle->set_listener(5);
  is($idle->listen, 0, 'Listen 5');
  $idle->set_listener(0);
  is($idle->listen, 0, 'Listen 0: no more');
};

subtest 'a server that only accepts and answers keeps no ended associations' => sub {
  my $server = server(OneToMany => 0);
  my $before = () = glob '/proc/self/fd/*';
  my @kept;
  # Each client has a port that none had before: an INIT from the port of an association that is just ending may wait for
  # its repetition, on Linux too.
  my $port   = 20_000;
  my $client = sub { client($server, OneToMany => 0, LocalPort => $port++) };
  for my $round (1 .. 100) {
    my $c = $client->();
    $c->sctp_sendmsg("round $round");
    $server->accept;
    is(($server->sctp_recvmsg)[0], "round $round", "round $round") if $round % 20 == 0;
    $server->sctp_recvmsg if $round % 20;
    $server->sctp_sendmsg('answer');
    $c->sctp_recvmsg;
    push @kept, $c and next if $round % 25 == 0;
    $c->close;
  }
  # A message that is "0" is one too.
  $_->sctp_sendmsg('0') for @kept;
  my $after = () = glob '/proc/self/fd/*';
  cmp_ok($after - $before, '<', 120, 'far fewer descriptors than associations');    # two are behind each
  for (1 .. 60) {
    $client->()->close;
    $server->accept;
  }
  $_->sctp_sendmsg('still') >= 0 or fail('an association that lives was closed: ' . $_->error) for @kept;
  pass('those that live are kept');
};

subtest 'shutdown' => sub {
  for my $how (2, 3, 'SHUT_WR', 'SHUT_RDWR', undef) {
    my ($server, $client) = one_to_one();
    is($client->shutdown(defined $how ? $how : ()), 0, 'shutdown(' . ($how // '') . ')');
    is_deeply([$server->sctp_recvmsg], ['', 0], 'the peer gets the end');
    is($server->sctp_sendmsg('too late'), -1, 'and cannot send any more');
  }
  for my $how (1, 'SHUT_RD') {
    my ($server, $client) = one_to_one();
    is($server->shutdown($how), 0, "shutdown($how) on DestSocket");
    is($server->sctp_sendmsg('still'), 5, 'sending goes on');
    is(($client->sctp_recvmsg)[0], 'still', 'and arrives');
  }
  my ($server, $client) = one_to_one();
  fails($client->shutdown(4), $client, qr/'4' is none of 1, 2, 3, SHUT_RD/, 'a how that is none');
  fails($client->shutdown('SHUT'), $client, qr/'SHUT' is none of/, 'a name that is none');
  my $many = server();
  is($many->shutdown(2), 0, 'on a one-to-many socket it does nothing, as on Linux');
  my $alone = Net::SCTP->new({ OneToMany => 0 });
  $alone->socket;
  fails($alone->shutdown(3), $alone, qr/not connected/, 'without an association');
};

subtest 'close' => sub {
  my ($server, $client) = one_to_one();
  my $descriptor = $server->get_DestSocket;
  is($server->close, 0, 'closes DestSocket first');
  is($server->get_DestSocket, undef, 'which is none then');
  ok($server->get_Socket, 'Socket is still there');
  is_deeply([$client->sctp_recvmsg], ['', 0], 'the peer gets the end');
  is($server->close, 0, 'then Socket');
  is($server->get_Socket, undef, 'which is none then: loops on it end');
  fails($server->close, $server, qr/there is no socket/, 'a third time');
  fails($server->sctp_sendmsg('x'), $server, qr/there is no socket/, 'no use after close');

  my $one = server();
  my $two = Net::SCTP->new({ Socket => $one->get_Socket });
  is($two->close, 0, 'another object closes the descriptor');
  my $three = server();
  is($three->get_Socket, $one->get_Socket, 'whose number is used again');
  fails($one->listen, $one, qr/has been closed/, 'the first object notices');
  undef $one;
  is($three->listen, 0, 'and does not close what is not its own');
};

subtest 'what is not a socket of ours is not closed' => sub {
  pipe my $read, my $write or die $!;
  my $s = Net::SCTP->new({ Socket => fileno $read });
  fails($s->close, $s, qr/^close: Socket operation on non-socket/, 'close');
  ok(defined fileno($read) && -e "/proc/self/fd/" . fileno($read), 'it is still open') if -d '/proc/self/fd';
};

subtest 'DESTROY closes' => sub {
  my ($server, $client) = one_to_one();
  my @descriptors = ($server->get_Socket, $server->get_DestSocket);
  undef $server;
  is_deeply([$client->sctp_recvmsg], ['', 0], 'the peer gets the end');
  my $probe = Net::SCTP->new({});
  for my $descriptor (@descriptors) {
    $probe->set_Socket($descriptor);
    is($probe->listen, -1, "descriptor $descriptor is closed");
    ok($!{EBADF} || $!{ENOTSOCK}, "$!");
  }
};

subtest 'start_server and start_client' => sub {
  for my $many (1, 0) {
    for my $hosts ($localhost, [$localhost], [$localhost, '127.0.0.2'], undef, [undef]) {
      my $s = Net::SCTP->new({ LocalHost => $hosts, OneToMany => $many });
      ok($s->start_server, 'start_server') or diag $s->error;
      my $peer = ref $hosts && defined $hosts->[0] ? $hosts : $localhost;
      my $c = Net::SCTP->new({ PeerHost => $peer, PeerPort => $s->get_LocalPort, OneToMany => $many });
      ok($c->start_client, 'start_client') or diag $c->error;
      ok($c->get_AssocID, 'an association') if $many;
    }
  }
  my $auto = Net::SCTP->new({ AutoBind => 1 });
  ok($auto->start_server, 'with AutoBind');
  ok($auto->get_LocalPort, 'it has a port');
  my $bad = Net::SCTP->new({ LocalHost => '192.0.2.77' });
  ok(!$bad->start_server, 'start_server that cannot');
  like($bad->error, qr/^bind to 192\.0\.2\.77: /, 'says why');
  my $nobody = Net::SCTP->new({ PeerHost => $localhost, PeerPort => 9 });
  ok(!$nobody->start_client, 'start_client that cannot');
  like($nobody->error, qr/Connection refused/, 'says why');
  ok(!Net::SCTP->new({})->start_client, 'nor to nobody');

  my $prepared = Net::SCTP->new({ LocalHost => $localhost });
  $prepared->socket;
  $prepared->setsockopt({ SCTP_INITMSG => { sinit_num_ostreams => 33 } });
  ok($prepared->start_server, 'a socket that is there is used');
  is($prepared->getsockopt('SCTP_INITMSG')->{SCTP_INITMSG}{sinit_num_ostreams}, 33, 'with its options');
};

done_testing;
