# send, recv, sendto, recvfrom, read, write as in Perl; sctp_send, sctp_sendx, sctp_sendv, sctp_recvv of RFC 6458.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Socket ();
use Test::More;
BEGIN { Net::SCTP->import(':all') }

my ($server, $client) = one_to_one();

subtest 'send and recv' => sub {
  is($client->send('ping'), 4, 'send');
  my $buffer = 'old';
  my $from = $server->recv($buffer, 100);
  is($buffer, 'ping', 'recv');
  is_deeply([Net::SCTP::Address::unpack_address($from)], ['127.0.0.1', $client->get_LocalPort], 'and the packed address of the sender');
  is($client->send('flags', MSG_DONTWAIT), 5, 'send with flags');
  $server->recv($buffer, 3);
  is($buffer, 'fla', 'recv of a piece');
  $server->recv($buffer, 3);
  is($buffer, 'gs', 'and the rest');
  is($server->recv($buffer, 10, MSG_DONTWAIT), undef, 'recv with nothing there');
  ok($!{EAGAIN}, 'EAGAIN');
  is($client->send(undef), undef, 'send of undef');
  ok(!eval { $client->send("\x{100}"); 1 }, 'a wide character');
  like($@, qr/^Wide character in send /, 'dies');
};

subtest 'sendto and recvfrom' => sub {
  my $s = server();
  my $c = Net::SCTP->new({ LocalHost => '127.0.0.1' });
  $c->socket;
  $c->bind;
  my $packed = Socket::pack_sockaddr_in($s->get_LocalPort, Socket::inet_aton('127.0.0.1'));
  is($c->sendto('packed', 0, $packed), 6, 'sendto a packed address');
  is($c->sendto('text', 0, '127.0.0.1:' . $s->get_LocalPort), 4, 'sendto host:port');
  is($c->sendto('pair', 0, ['127.0.0.1', $s->get_LocalPort]), 4, 'sendto [host, port]');
  is($c->send('perl', 0, $packed), 4, 'send with an address, as Perl has it');
  for my $expected (qw(packed text pair perl)) {
    my $from = $s->recvfrom(my $buffer, 100, 0);
    is($buffer, $expected, 'recvfrom');
    is($s->sendto('back', 0, $from), 4, 'its result can be answered');
    $c->recv($buffer, 100);
    is($buffer, 'back', 'answered');
  }
  fails_undef($c->sendto('x', 0, undef), $c, qr/there is no address/, 'sendto nobody');
  fails_undef($c->sendto('x', 0, 'b@d:1'), $c, qr/sendto is 'b\@d'/, 'sendto a bad address');
  fails_undef($c->sendto('x', 0, '127.0.0.1:99999'), $c, qr/port is '99999'/, 'sendto a bad port');
};

subtest 'read and write' => sub {
  is($client->write('0123456789'), 10, 'write');
  is($server->read(my $buffer, 4), 4, 'read');
  is($buffer, '0123', 'the first part');
  is($server->read($buffer, 100, 4), 6, 'read to an offset');
  is($buffer, '0123456789', 'after what was there');
  is($client->write('abcdef', 3, 2), 3, 'write of a part');
  $buffer = 'xx';
  is($server->read($buffer, 100, 5), 3, 'read to an offset beyond the end');
  is($buffer, "xx\0\0\0cde", 'is filled up with zeros');
  is($client->write('abcdef', 10, -2), 2, 'write from the end');
  is($server->read($buffer, 100, -3), 2, 'read to before the end');
  is($buffer, "xx\0\0\0ef", 'overwrites it');
  is($server->read($buffer, 0), 0, 'read of nothing');
  fails_undef($server->read($buffer, 5, -100), $server, qr/outside the string/, 'an offset before the string');
  fails_undef($client->write('abc', 1, 4), $client, qr/outside the message/, 'an offset behind the message');
  is($client->shutdown(2), 0, 'the end');
  is($server->read($buffer, 5), 0, 'is 0 for read');
};

my $many  = server(LocalHost => ['127.0.0.1', '127.0.0.2']);
my $hosts = ['127.0.0.1', '127.0.0.2'];

subtest 'sctp_sendx and sctp_send' => sub {
  my $c = Net::SCTP->new({ LocalHost => $hosts, PeerPort => $many->get_LocalPort });
  $c->socket;
  $c->bindx;
  is($c->sctp_sendx('to both', $hosts), 7, 'sctp_sendx sets up an association');
  ok($c->get_AssocID >= 3, 'get_AssocID');
  is(($many->sctp_recvmsg)[0], 'to both', 'received');
  is_deeply([sort $c->sctp_getpadders], $hosts, 'with both addresses');
  is($c->sctp_send('again', { stream => 4, ppid => 9 }), 5, 'sctp_send');
  is(($many->sctp_recvmsg)[0], 'again', 'received');
  is($many->get_RecvInfo->{stream}, 4, 'stream');
  is($many->get_RecvInfo->{ppid}, 9, 'ppid');
  $c->set_PeerHost($hosts);
  is($c->sctp_sendx('default', undef, { stream => 1 }), 7, 'PeerHost by default');
  is(($many->sctp_recvmsg)[0], 'default', 'received');
  fails($c->sctp_sendx('x', [undef]), $c, qr/nobody to send to/, 'sctp_sendx to nobody');
  fails($c->sctp_sendx('x', ['b@d']), $c, qr/'b\@d'/, 'sctp_sendx to a bad host');
  fails($c->sctp_send('x', { addr => '127.0.0.1' }), $c, qr/no attribute addr/, 'sctp_send has no address');
  fails($c->sctp_send(undef), $c, qr/there is no message/, 'sctp_send of undef');
};

subtest 'sctp_sendv and sctp_recvv' => sub {
  my $c = Net::SCTP->new({ LocalHost => $hosts, PeerPort => $many->get_LocalPort });
  $c->socket;
  $c->bindx;
  is($c->sctp_sendv(['one ', 'message ', 'of parts'], $hosts, { stream => 2, ppid => 7 }), 20, 'sctp_sendv of parts, with addresses');
  ok($c->get_AssocID >= 3, 'get_AssocID');
  is($many->setsockopt({ SCTP_RECVNXTINFO => 1 }), 0, 'with the next message');
  is($c->sctp_sendv('the next one', undef, { stream => 3, ppid => 8, flags => 'unordered' }), 12, 'without addresses');
  ok(wait_for($many), 'they come');
  my ($message, $length, $info, $next) = $many->sctp_recvv(100);
  is($message, 'one message of parts', 'sctp_recvv');
  is($length, 20, 'length');
  is("$info->{stream} $info->{ppid} $info->{end_of_record}", '2 7 1', 'its attributes');
  SKIP: {
    skip 'it had not come yet', 1 unless %$next;
    is("$next->{stream} $next->{ppid} $next->{length}", '3 8 12', 'those of the next one');
  }
  ($message, $length, $info, $next) = $many->sctp_recvv;
  is($message, 'the next one', 'the next');
  is_deeply($next, {}, 'none behind it');
  is($c->sctp_sendv('no attributes'), 13, 'without attributes');
  is(($many->sctp_recvv)[0], 'no attributes', 'received');
  is($c->sctp_sendv('for a while', undef, { pr_policy => SCTP_PR_SCTP_TTL, pr_value => 10_000 }), 11, 'with a policy of partial reliability');
  is(($many->sctp_recvv)[0], 'for a while', 'received');
  is($c->sctp_sendv('to address', undef, { addr => '127.0.0.2:' . $many->get_LocalPort }), 10, 'to an address');
  is(($many->sctp_recvv)[0], 'to address', 'received');
  fails($c->sctp_sendv([]), $c, qr/there is no message/, 'of no parts');
  fails($c->sctp_sendv(['a', undef]), $c, qr/there is no message/, 'of an undefined part');
  fails($c->sctp_sendv('x', undef, { timetolive => 1 }), $c, qr/sctp_sendv has no attribute timetolive; it has .*pr_policy/, 'a wrong attribute');
  fails($c->sctp_sendv('x', ['b@d']), $c, qr/'b\@d'/, 'a bad host');
  ok(!eval { $c->sctp_sendv(['a', "\x{100}"]); 1 }, 'a wide character');
  like($@, qr/^Wide character in sctp_sendv /, 'dies');
  is_deeply([$many->sctp_recvv(10, MSG_DONTWAIT)], [undef, -1], 'sctp_recvv with nothing there');
};

subtest 'flags, sizes and offsets that are no numbers' => sub {
  my ($from, $to) = one_to_one();
  my $buffer = 'kept';
  for my $wrong ([], {}, 'x', '1.5', 2**40) {
    fails_undef($from->send('x', $wrong), $from, qr/^send: the flags are '.*': they must be a number/, 'flags of send');
    fails($from->sctp_sendv('x', undef, undef, $wrong), $from, qr/^sctp_sendv: the flags are '/, 'flags of sctp_sendv');
    fails_undef($from->write('abc', $wrong), $from, qr/^write: the size is '/, 'a size of write');
    fails_undef($from->write('abc', 1, $wrong), $from, qr/^write: the offset is '/, 'an offset of write');
    fails_undef($to->read($buffer, 1, $wrong), $to, qr/^read: the offset is '/, 'an offset of read');
  }
  fails_undef($from->write('abc', -1), $from, qr/^write: the size is '-1'/, 'a negative size of write');
  is($buffer, 'kept', 'the buffer is as it was');
  is($from->write('abc', 2, -2), 2, 'the association is as it was');
  is($to->read($buffer, 10), 2, 'and nothing else was sent');
};

subtest 'buffers, as for sysread and recv' => sub {
  my ($from, $to) = one_to_one();
  $from->send('first');
  for my $method (qw(recv recvfrom read)) {
    for my $read_only (\'literal', \undef, map { \$_ } 'alias') {
      ok(!eval { $to->$method($$read_only, 10); 1 }, "$method into a read-only value dies");
      like($@, qr/^Modification of a read-only value attempted at \Q$0\E line /, 'in the words of Perl, at the line of the caller');
    }
    fails_undef($to->$method, $to, qr/^$method: there is no buffer/, "$method without a buffer");
  }
  is($to->read(my $first, 10), 5, 'and no message is lost by it');
  is($first, 'first', 'the message');

  {
    package Noting;
    sub TIESCALAR { my ($class, $value) = @_; return bless { value => $value, stored => [] }, $class }
    sub FETCH { $_[0]{value} }
    sub STORE { push @{ $_[0]{stored} }, $_[1]; $_[0]{value} = $_[1] }
  }
  my $noting = tie my $tied, 'Noting', 'before';
  for my $method (qw(recv recvfrom read)) {
    $from->send($method);
    $to->$method($tied, 10);
    is_deeply($noting->{stored}, [$method], "$method into a tied variable stores once");
    $noting->{stored} = [];
  }
  $from->send('more');
  is($to->read($tied, 10, 4), 4, 'read to an offset of one');
  is_deeply($noting->{stored}, ['readmore'], 'stores the whole');

  my %hash;
  $from->send('element');
  $to->recv($hash{new}, 10);
  is($hash{new}, 'element', 'recv into an element that was not there');
  my $text = '0123456789';
  $from->send('ab');
  $to->read(substr($text, 2, 5), 10);
  is($text, '01ab789', 'read into a part of a string');
  my $wide = "\x{100}";
  $from->send("\xe4b");
  is($to->read($wide, 10, 1), 2, 'read behind a wide character');
  is($wide, "\x{100}\xe4b", 'which stays, as with sysread');
  is($to->read($wide, 0, 1), 0, 'read of nothing');
  is($wide, "\x{100}", 'cuts the buffer at the offset, as sysread does');
  my $kept = 'kept';
  $to->blocking(0);
  is($to->read($kept, 10), undef, 'read of what is not there');
  is($kept, 'kept', 'leaves the buffer');
  $from->close;
  wait_for($to);
  is($to->read($kept, 10, 2), 0, 'read at the end');
  is($kept, 'ke', 'cuts the buffer at the offset');
  $to->close;
  $to->close;
  fails_undef($to->read($kept, 0), $to, qr/there is no socket/, 'read of nothing without a socket');
};

done_testing;
