# 10,000 messages of random bytes, both ways, from 1 byte to 256 KiB, one-to-many and one-to-one, several clients; each
# arrives whole, unchanged and in order. Client and server are two processes.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use Test::More;
BEGIN { Net::SCTP->import(':all') }

use constant { MESSAGES => 10_000, LARGEST => 262_144 };

# Mostly small, now and then large, at least once the largest; the same on both sides for the same seed.
my $noise;
{
  srand 20_26;
  $noise = join '', map { pack 'L', int rand 2**32 } 1 .. (2 * LARGEST) / 4;
}
sub message {
  my ($seed, $number) = @_;
  my $key  = ($seed * 7_919 + $number * 104_729) % 1_000_003;
  my $size = $number == 0 ? LARGEST : $key % 200 == 0 ? $key % LARGEST + 1 : $key % 20 == 0 ? $key % 20_000 + 1 : $key % 600 + 1;
  return substr $noise, $key % LARGEST, $size;
}

# A whole message, of pieces if need be.
sub whole {
  my ($s) = @_;
  my $message = '';
  while (1) {
    my ($piece, $length) = $s->sctp_recvmsg(LARGEST + 1);
    return undef if $length < 0 || ($length == 0 && $message eq '');
    $message .= $piece;
    return $message if $s->get_RecvInfo->{end_of_record};
  }
}

sub buffers { my ($s) = @_; $s->setsockopt({ SO_SNDBUF => 2**20, SO_RCVBUF => 2**20, SCTP_NODELAY => 1 }); return $s }

# Sends to the server and checks its answers, `window` messages ahead.
sub run_client {
  my ($port, $many, $seed, $count) = @_;
  my $c = Net::SCTP->new({ LocalHost => '127.0.0.1', PeerHost => '127.0.0.1', PeerPort => $port, OneToMany => $many });
  $c->socket;
  buffers($c);
  $c->start_client or return 1;
  my ($sent, $received) = (0, 0);
  while ($received < $count) {
    while ($sent < $count && $sent < $received + 4) {
      my $bytes = message($seed, $sent++);
      $c->sctp_sendmsg($bytes, { stream => 1 }) == length $bytes or return 2;
    }
    my $answer = whole($c) // return 3;
    return 4 if $answer ne scalar reverse message($seed, $received);
    ++$received;
  }
  return 0;
}

for my $many (1, 0) {
  for my $clients ($many ? (1, 4) : 1) {
    my $count = int(MESSAGES / 3 / $clients) + 1;
    # The children make their sockets after the fork, when they are told the port.
    my (@children, @tell);
    for my $seed (1 .. $clients) {
      pipe my $read, my $write or die $!;
      push @children, in_child(sub {
        close $write;
        my $port = <$read>;
        return run_client($port, $many, $seed, $count);
      });
      push @tell, $write;
    }
    my $s = Net::SCTP->new({ LocalHost => '127.0.0.1', OneToMany => $many, Listen => 10 });
    $s->socket;
    buffers($s);
    $s->start_server or die $s->error;
    for my $write (@tell) {
      print {$write} $s->get_LocalPort . "\n";
      close $write;
    }
    $s->accept unless $many;
    my (%seed_of, %received, $wrong);
    for (1 .. $clients * $count) {
      my $message = whole($s);
      last if !defined $message && ++$wrong;
      my $id = $s->get_RecvInfo->{assoc_id};
      my $number = $received{$id}++;
      my @seeds = defined $seed_of{$id} ? $seed_of{$id} : 1 .. $clients;
      ($seed_of{$id}) = grep { $message eq message($_, $number) } @seeds;
      ++$wrong, last unless defined $seed_of{$id};
      my $answer = reverse $message;
      ++$wrong, last unless $s->sctp_sendmsg($answer, { stream => 2 }) == length $answer;
    }
    my $style = ($many ? 'one-to-many' : 'one-to-one') . ", $clients " . ($clients == 1 ? 'client' : 'clients');
    is($wrong, undef, "$style: " . $clients * $count . ' messages there, unchanged, in order') or diag $s->error;
    is(scalar(keys %received), $clients, "$style: as many associations");
    is_deeply([map { finished($_) } @children], [(0) x $clients], "$style: and as many back");
  }
}

done_testing;
