# sctp_sendmsg and sctp_recvmsg: bytes as they are, attributes, pieces, notifications, and what goes wrong.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Test::More;
BEGIN { Net::SCTP->import(':all') }

my $server = server();
my $client = client($server);

sub passes {
  my ($bytes, $name, @info) = @_;
  is($client->sctp_sendmsg($bytes, @info), length $bytes, "$name: sent") or diag $client->error;
  my ($message, $length) = $server->sctp_recvmsg(300_000);
  ok($message eq $bytes, "$name: received");
  is($length, length $bytes, "$name: length");
  return $server->get_RecvInfo;
}

subtest 'bytes' => sub {
  passes('I am the Client!!', 'text');
  passes("a\0b\0\0c\0", 'NUL bytes');
  passes(join('', map { chr } 0 .. 255), 'every byte');
  passes("\xc3\xa4\xff", 'bytes above 127');
  passes(random_bytes(4096), '4096 bytes');
  passes(random_bytes(100_000), '100,000 bytes');
  my $text = "Gr\x{fc}n";
  utf8::upgrade($text);
  is($client->sctp_sendmsg($text), 4, 'characters up to 255 are bytes, however Perl keeps them');
  is(($server->sctp_recvmsg)[0], "Gr\xfcn", 'and arrive as such');
  ok(utf8::is_utf8($text), 'the string is left as it was');
  my $wide = "\x{263a}";
  ok(!eval { $client->sctp_sendmsg($wide); 1 }, 'a wide character dies, as in syswrite');
  like($@, qr/^Wide character in sctp_sendmsg at /, 'with that message');
  passes(42, 'a number');
};

subtest 'who it is from' => sub {
  passes('hello', 'hello');
  is($server->get_PeerHost, '127.0.0.1', 'get_PeerHost');
  is($server->get_PeerPort, $client->get_LocalPort, 'get_PeerPort');
  is($server->{PeerHost}, '127.0.0.1', '{PeerHost}');
  is($server->sctp_sendmsg('I am the Server!!'), 17, 'the answer goes there');
  is_deeply([$client->sctp_recvmsg], ['I am the Server!!', 17], 'and arrives');
  is(scalar(my $length = $server->sctp_sendmsg('x') && $client->sctp_recvmsg), 1, 'in scalar context sctp_recvmsg is the length');
};

subtest 'several clients on one server' => sub {
  my @clients = map { client($server) } 1 .. 5;
  $clients[$_]->sctp_sendmsg("from $_") for 0 .. 4;
  for (0 .. 4) {
    my ($message) = $server->sctp_recvmsg;
    is($server->sctp_sendmsg("answer to $message"), 16, "answered $message");
  }
  is(($clients[$_]->sctp_recvmsg)[0], "answer to from $_", "client $_ has its answer") for 0 .. 4;
};

subtest 'attributes' => sub {
  my $info = passes('x', 'stream and ppid', { stream => 3, ppid => 46 });
  is($info->{stream}, 3, 'stream');
  is($info->{ppid}, 46, 'ppid');
  is($info->{end_of_record}, 1, 'end_of_record');
  is($info->{notification}, 0, 'no notification');
  is($info->{flags} & SCTP_UNORDERED, 0, 'ordered');
  my $next = passes('y', 'the next of the stream', { stream => 3 });
  is($next->{ssn}, $info->{ssn} + 1, 'ssn counts');
  is($next->{tsn}, ($info->{tsn} + 1) % 2**32, 'tsn counts');
  is($next->{assoc_id}, $server->get_AssocID, 'assoc_id');
  is(join(' ', sort keys %$next), 'assoc_id context cumtsn end_of_record flags notification ppid ssn stream tsn', 'all there is');

  for my $flags (SCTP_UNORDERED, 'unordered', 'SCTP_UNORDERED', ['unordered'], 'unordered|sack_immediately') {
    ok(passes('z', 'flags', { flags => $flags })->{flags} & SCTP_UNORDERED, 'unordered');
  }
  ok(passes('z', 'a key of its own', { unordered => 1 })->{flags} & SCTP_UNORDERED, 'unordered');
  passes('t', 'timetolive and context', { timetolive => 60_000, context => 7 });

  is($server->sctp_sendmsg('by id', { assoc_id => $server->get_AssocID }), 5, 'to an association');
  is(($client->sctp_recvmsg)[0], 'by id', 'received');
  my $port = $client->get_LocalPort;
  for my $address ("127.0.0.1:$port", ['127.0.0.1', $port]) {
    is($server->sctp_sendmsg('by address', { addr => $address }), 10, 'to an address');
    is(($client->sctp_recvmsg)[0], 'by address', 'received');
  }
};

subtest 'an array PeerHost is tried in order' => sub {
  my $c = Net::SCTP->new({ PeerHost => ['::1', '127.0.0.1'], PeerPort => $server->get_LocalPort });
  $c->socket;
  fails($c->sctp_sendmsg('x'), $c, qr/PeerHost is '::1'/, 'a host that is wrong is named');
  $c->set_PeerHost([undef, '127.0.0.9', '127.0.0.1']);
  is($c->sctp_sendmsg('the second one'), 14, 'nobody at the first, somebody at the next') or diag $c->error;
  is(($server->sctp_recvmsg)[0], 'the second one', 'received');
  is($c->sctp_sendmsg('again'), 5, 'the association is found again');
  is(($server->sctp_recvmsg)[0], 'again', 'received');
  is($c->getsockopt('SCTP_GET_ASSOC_NUMBER')->{SCTP_GET_ASSOC_NUMBER}, 1, 'the same one');
};

subtest 'without connect, the first message sets up the association' => sub {
  my $c = Net::SCTP->new({ LocalHost => '127.0.0.1', PeerHost => '127.0.0.1', PeerPort => $server->get_LocalPort });
  $c->socket;
  is($c->sctp_sendmsg('first'), 5, 'sent');
  is(($server->sctp_recvmsg)[0], 'first', 'received');
  is($server->sctp_sendmsg('back'), 4, 'answered');
  is(($c->sctp_recvmsg)[0], 'back', 'received');
};

subtest 'a message longer than the buffer comes in pieces' => sub {
  my $bytes = random_bytes(1234);
  $client->sctp_sendmsg($bytes);
  my ($whole, @lengths) = ('');
  for (1 .. 200) {
    my ($piece, $length) = $server->sctp_recvmsg(10);
    $whole .= $piece;
    push @lengths, $length;
    last if $server->get_RecvInfo->{end_of_record};
  }
  is(scalar(@lengths), 124, 'of at most 10 bytes');
  is($lengths[0], 10, 'the first');
  is($lengths[-1], 4, 'the last');
  ok($whole eq $bytes, 'together they are the message');
  passes('next', 'the next message is whole');
};

subtest 'flags of sctp_recvmsg' => sub {
  is_deeply([$server->sctp_recvmsg(10, MSG_DONTWAIT)], [undef, -1], 'nothing there');
  ok($!{EAGAIN}, 'EAGAIN');
  like($server->error, qr/^sctp_recvmsg: Resource temporarily unavailable/, 'the sentence');
  $client->sctp_sendmsg('look');
  is(($server->sctp_recvmsg(10, MSG_PEEK))[0], 'look', 'MSG_PEEK looks');
  is(($server->sctp_recvmsg)[0], 'look', 'and leaves it');
  for my $size (0, -1, 'many', 2**31) {
    is_deeply([$server->sctp_recvmsg($size)], [undef, -1], "size $size");
    like($server->error, qr/the size is '\Q$size\E': it must be a number from 1 on/, 'is named');
  }
  is_deeply([$server->sctp_recvmsg(10, 'x')], [undef, -1], 'flags that are none');
  like($server->error, qr/the flags are 'x'/, 'are named');
};

subtest 'what goes wrong' => sub {
  fails($client->sctp_sendmsg(undef), $client, qr/there is no message/, 'undef');
  fails($client->sctp_sendmsg(''), $client, qr/^sctp_sendmsg: Invalid argument/, 'nothing');
  fails($client->sctp_sendmsg('x', { strean => 1 }), $client, qr/sctp_sendmsg has no attribute strean; it has stream, ppid/, 'an attribute that is none');
  fails($client->sctp_sendmsg('x', { stream => 65_536 }), $client, qr/stream is '65536': it must be a number from 0 to 65535/, 'a stream that is none');
  fails($client->sctp_sendmsg('x', { ppid => 'a' }), $client, qr/ppid is 'a'/, 'a ppid that is none');
  fails($client->sctp_sendmsg('x', { flags => 'urgent' }), $client, qr/has no flag 'urgent'; it has abort, addr_over, eof/, 'a flag that is none');
  fails($client->sctp_sendmsg('x', [1]), $client, qr/hash reference/, 'no hash');
  fails($client->sctp_sendmsg('x', { stream => 60_000 }), $client, qr/^sctp_sendmsg: Invalid argument/, 'a stream the association has not');
  fails($client->sctp_sendmsg('x', { assoc_id => 9_999_999 }), $client, qr/^sctp_sendmsg: /, 'an association that is none');
  fails($client->sctp_sendmsg('x', { addr => 'b@d' }), $client, qr/addr is 'b\@d'/, 'an address that is none');
  fails($client->sctp_sendmsg('x' x 300_000), $client, qr/^sctp_sendmsg: Message too long/, 'more than the send buffer');
  my $nobody = Net::SCTP->new({});
  $nobody->socket;
  fails($nobody->sctp_sendmsg('x'), $nobody, qr/nobody to send to: PeerHost is empty/, 'nobody');
  passes('after all', 'it still works');
};

subtest 'an association ends with eof or abort' => sub {
  my $c = client($server);
  is($c->sctp_sendmsg('last words', { flags => 'eof' }), 10, 'eof');
  is(($server->sctp_recvmsg)[0], 'last words', 'received');
  my $one = server(OneToMany => 0);
  my $two = client($one);
  $one->accept;
  is($two->sctp_sendmsg('', { abort => 1 }), 0, 'abort') or diag $two->error;
  is_deeply([$one->sctp_recvmsg], [undef, -1], 'the peer');
  ok($!{ECONNRESET}, 'gets ECONNRESET');
};

subtest 'notifications' => sub {
  my $s = server();
  is($s->setsockopt({ SCTP_EVENTS => { sctp_association_event => 1, sctp_shutdown_event => 1 } }), 0, 'asked for');
  my $c = client($s);
  my ($bytes, $length) = $s->sctp_recvmsg;
  my $info = $s->get_RecvInfo;
  my $told = $info->{notification};
  is($told->{type}, 'SCTP_ASSOC_CHANGE', 'type');
  is($told->{sac_type}, SCTP_ASSOC_CHANGE, 'sac_type');
  is($told->{sac_state}, SCTP_COMM_UP, 'sac_state');
  is($told->{sac_length}, $length, 'sac_length');
  ok($told->{sac_assoc_id} >= 3, 'sac_assoc_id');
  ok($told->{sac_outbound_streams} > 0, 'streams');
  is($info->{end_of_record}, 1, 'end of record');
  $c->close;
  my @types;
  push @types, do { $s->sctp_recvmsg; $s->get_RecvInfo->{notification} } for 1 .. 2;
  is_deeply([map { $_->{type} } @types], [qw(SCTP_SHUTDOWN_EVENT SCTP_ASSOC_CHANGE)], 'the end is told');
  is($types[1]{sac_state}, SCTP_SHUTDOWN_COMP, 'as a shutdown');
  is_deeply(Net::SCTP::Notification::decode("\x01\x80"), { type => 'unknown' }, 'a piece too short to tell');
};

subtest 'the older form of the attributes stands in' => sub {
  my $s = server();
  is($s->setsockopt({ SCTP_EVENTS => { sctp_data_io_event => 1 }, SCTP_RECVRCVINFO => 0 }), 0, 'sctp_data_io_event');
  my $c = client($s);
  $c->sctp_sendmsg('old', { stream => 2, ppid => 5 });
  $s->sctp_recvmsg;
  is($s->get_RecvInfo->{stream}, 2, 'stream');
  is($s->get_RecvInfo->{ppid}, 5, 'ppid');
  ok($s->get_AssocID >= 3, 'get_AssocID');
};

done_testing;
