# The examples talk to each other in both styles, over IPv4 and IPv6, with one host and several; and scripts in the style
# of the published module's documentation run as they are.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use File::Temp;
use Test::More;

# Starts a server and reads its port from the line it prints.
sub start {
  my ($output, $process) = other_perl(@_);
  my ($port) = (readline($output) // '') =~ /port (\d+)/;
  return ($output, $process, $port);
}

sub output_of { my ($output) = other_perl(@_); return join '', <$output> }

my @cases = (
  ['IPv4, one host', ['127.0.0.1'], []],
  ['IPv4, several hosts', ['127.0.0.1', '127.0.0.2'], []],
  ['IPv6, one host', ['::1'], ['-6']],
  ['IPv6 and IPv4, an array', ['::1', '127.0.0.1'], ['-6']],
);
for my $style ([], ['-s']) {
  for (@cases) {
    my ($name, $hosts, $family) = @$_;
    my $title = ($style->[0] ? 'one-to-one' : 'one-to-many') . ", $name";
    my @hosts = map { ('-o', $_) } @$hosts;
    my ($output, $process, $port) = start('examples/server.pl', @hosts, @$family, @$style, '-p', 0, '-n', 3);
    ok($port, "$title: the server is up") or next;
    for my $number (1 .. 3) {
      my $said = output_of('examples/client.pl', @hosts, @$family, @$style, '-p', $port, '-m', "message $number");
      like($said, qr/^received 17 bytes: I am the Server!!$/m, "$title: client $number has its answer");
      like($said, qr/^from \Q@{[join ', ', sort @$hosts]}\E$/m, "$title: from all addresses") if $number == 1;
    }
    my $said = join '', <$output>;
    is(scalar(() = $said =~ /sent 9 bytes: message \d/g), 3, "$title: the server has all three") or diag $said;
    is(finished($process), 0, "$title: and ends") if kill 0, $process;
  }
}

# In the documented style. Only the port is told apart from run to run; a handle makes the server tell it. %%BOUND%% is
# where a script of the user's would go on.
my %server_start = (
  'socket, bind, listen' => '$s->socket(); %BIND%; $s->listen();',
  'start_server'         => '$s->start_server();',
);
my %loop = (
  'get_Socket' => 'while( $s->get_Socket() )',
  '{Socket}'   => 'while ($s->{Socket})',
);
my %client_start = (
  'socket, connect' => '$c->socket(); %CONNECT%;',
  'start_client'    => '$c->start_client();',
);

sub script { my ($directory, $name, $text) = @_; open my $file, '>', "$directory/$name" or die $!; print {$file} $text; close $file; return "$directory/$name" }

my $port = 6000 + $$ % 50_000;
for my $many (1, 0) {
  for my $hosts ([], ['127.0.0.1'], ['127.0.0.1', '127.0.0.2']) {
    for my $start (sort keys %server_start) {
      for my $loop (sort keys %loop) {
        ++$port;
        my $directory = File::Temp->newdir;
        my $list = join ', ', map { "'$_'" } @$hosts;
        my $bind = @$hosts > 1 ? '$s->bindx()' : '$s->bind()';
        my $server = script($directory, 'server.pl', <<"END");
use Net::SCTP;
\$| = 1;
my \$port = $port;
my \$message = 'I am the Server!!';
my \$many = $many;
my \$single_host;
my (\$text, \$size, \$s, \$ipv6, \$auto_bind);
my \@hosts = ($list);
if (!\@hosts || \@hosts <= 1) {
  \$single_host = shift \@hosts if \@hosts == 1;
  \@hosts = undef;
  \$s = Net::SCTP->new( { LocalHost => \$single_host, LocalPort => \$port, Listen => 1, OneToMany => \$many, IPV6 => \$ipv6, AutoBind => \$auto_bind } );
} else {
  \$s = Net::SCTP->new( { LocalHost => \\\@hosts, LocalPort => \$port, Listen => 1, OneToMany => \$many } );
}
@{[$server_start{$start} =~ s/%BIND%/$bind/r]}
print "port \$port\\n";
$loop{$loop}
{
  \$s->accept() if ! \$many;
  (\$text, \$size) = \$s->sctp_recvmsg();
  print "\\n" . \$s->get_PeerHost();
  print ":" . \$s->get_PeerPort() . "\\n";
  print "Receiving Message: \$text\\n";
  print "Size of: \$size\\n";
  \$s->sctp_sendmsg( \$message );
  if (\$text eq 'last one') { \$s->close(); \$s->close() if \$s->{Socket}; }
}
print "the end\\n";
END
        my $name = ($many ? 'one-to-many' : 'one-to-one') . ', ' . @$hosts . " hosts, $start, $loop";
        my ($output, $process, $said_port) = start('-w', $server);
        is($said_port, $port, "$name: the server is up") or next;
        for my $client (sort keys %client_start) {
          my $peers   = @$hosts > 1 ? "[$list]" : "'127.0.0.1'";
          my $connect = @$hosts > 1 ? '$c->sctp_connectx()' : '$c->connect()';
          my $text    = $client eq 'start_client' ? 'last one' : 'I am the Client!!';
          my $said    = output_of('-w', script($directory, 'client.pl', <<"END"));
use Net::SCTP;
my \$message = '$text';
my (\$size, \$c);
\$c = Net::SCTP->new( { PeerHost => $peers, PeerPort => $port, Listen => 1, OneToMany => $many } );
@{[$client_start{$client} =~ s/%CONNECT%/$connect/r]}
\$c->sctp_sendmsg( \$message );
(\$message, \$size) = \$c->sctp_recvmsg();
print "Received message: \$message\\n";
print "Size of: \$size\\n";
\$c->close();
END
          is($said, "Received message: I am the Server!!\nSize of: 17\n", "$name: $client");
        }
        my $said = join '', <$output>;
        like($said, qr/^127\.0\.0\.\d:\d+\nReceiving Message: I am the Client!!\nSize of: 17$/m, "$name: what the server printed");
        like($said, qr/^the end$/m, "$name: its loop ends with its socket") or diag $said;
      }
    }
  }
}

done_testing;
