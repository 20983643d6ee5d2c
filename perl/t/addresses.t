# sctp_getpadders, sctp_getladders and their other spellings, getpeername, getsockname; IPv6; ports in both orders.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Test::More;
BEGIN { Net::SCTP->import(':all') }

my $both = ['127.0.0.1', '127.0.0.2'];

subtest 'lists of addresses' => sub {
  my $server = server(LocalHost => $both);
  my $client = client($server, LocalHost => '127.0.0.3', PeerHost => $both);
  $client->sctp_sendmsg('x');
  $server->sctp_recvmsg;
  for my $spelling (qw(sctp_getpadders sctp_getpaddrs)) {
    is_deeply([sort $client->$spelling], $both, "$spelling: the peer's");
    is_deeply([sort $client->$spelling($client->get_AssocID)], $both, "$spelling of an association");
    is_deeply([$server->$spelling], ['127.0.0.3'], "$spelling on the server");
    is_deeply([$client->$spelling(99_999)], [], 'of an association that is none');
    like($client->error, qr/^sctp_getpaddrs: Invalid argument/, 'says so');
    is_deeply([$client->$spelling('one')], [], 'of something else');
    like($client->error, qr/'one' is no association's id/, 'says so');
  }
  for my $spelling (qw(sctp_getladders sctp_getladdrs)) {
    is_deeply([sort $server->$spelling], $both, "$spelling: ours");
    is_deeply([sort $server->$spelling(0)], $both, "$spelling of the socket");
    is_deeply([$client->$spelling($client->get_AssocID)], ['127.0.0.3'], "$spelling of an association");
  }
};

subtest 'names of one-to-one sockets' => sub {
  my ($server, $client) = one_to_one();
  is_deeply([$client->getpeername], ['127.0.0.1', 16], 'getpeername: address and its length');
  is_deeply([$client->getsockname], ['127.0.0.1', 16], 'getsockname');
  is_deeply([$server->getpeername], ['127.0.0.1', 16], 'of the accepted one');
  $server->close;
  is_deeply([$server->getpeername], [], 'of the listening one');
  like($server->error, qr/^getpeername: Transport endpoint is not connected/, 'says why');
};

subtest 'IPv6' => sub {
  for my $many (1, 0) {
    my $server = server(LocalHost => '::1', IPV6 => 1, OneToMany => $many);
    my $client = client($server, LocalHost => '::1', PeerHost => '::1', IPV6 => 1, OneToMany => $many);
    $server->accept unless $many;
    is($client->sctp_sendmsg('six'), 3, 'sent');
    is(($server->sctp_recvmsg)[0], 'six', 'received');
    is($server->get_PeerHost, '::1', 'PeerHost');
    is($server->get_PeerPort, $client->get_LocalPort, 'PeerPort');
    is($server->sctp_sendmsg('back'), 4, 'answered');
    is(($client->sctp_recvmsg)[0], 'back', 'received');
    is_deeply([$client->sctp_getpadders], ['::1'], 'sctp_getpadders');
    is_deeply([$client->getsockname], ['::1', 28], 'getsockname');
  }
};

subtest 'an IPv6 socket takes IPv4 too' => sub {
  for my $hosts ('127.0.0.1', ['127.0.0.1', '::1'], '', undef) {
    my $server = server(LocalHost => $hosts, IPV6 => 1);
    my $client = client($server);
    is($client->sctp_sendmsg('four'), 4, 'an IPv4 client');
    is(($server->sctp_recvmsg)[0], 'four', 'received');
    is($server->get_PeerHost, '127.0.0.1', 'its address is shown as IPv4');
    is($server->sctp_sendmsg('back'), 4, 'answered');
    is(($client->sctp_recvmsg)[0], 'back', 'received');
    my $other = client($server, IPV6 => 1, LocalHost => '', PeerHost => '127.0.0.1');
    is($other->sctp_sendmsg('v4 by v6'), 8, 'an IPv6 socket to an IPv4 address');
    is(($server->sctp_recvmsg)[0], 'v4 by v6', 'received');
  }
};

subtest 'names of hosts' => sub {
  my $server = server();
  my $client = client($server, PeerHost => 'localhost');
  is($client->sctp_sendmsg('by name'), 7, 'localhost');
  is(($server->sctp_recvmsg)[0], 'by name', 'received');
};

subtest 'ports are in network order, and with LegacyPorts as the published module had them' => sub {
  my $server = server(LegacyPorts => 1);
  my $port   = $server->get_LocalPort;
  my $swapped = unpack 'n', pack 'S', $port;
  isnt($swapped, $port, 'the other order') if $port != unpack 'n', pack 'S', $port;
  my $legacy = client($server, LegacyPorts => 1);
  $legacy->sctp_sendmsg('legacy');
  is(($server->sctp_recvmsg)[0], 'legacy', 'two of the old kind');
  is($server->get_PeerPort, $legacy->get_LocalPort, 'agree on ports');
  is($server->sctp_sendmsg('back'), 4, 'both ways');
  is(($legacy->sctp_recvmsg)[0], 'back', 'received');
  my $plain = Net::SCTP->new({ LocalHost => '127.0.0.1', PeerHost => '127.0.0.1', PeerPort => $swapped });
  ok($plain->start_client, 'one of the new kind finds it at the swapped port') or diag $plain->error;
  $plain->sctp_sendmsg('new');
  is(($server->sctp_recvmsg)[0], 'new', 'received');
  is($server->get_PeerPort, unpack('n', pack 'S', $plain->get_LocalPort), 'and looks swapped itself');
};

done_testing;
