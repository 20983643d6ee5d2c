# The manual's one-liners run as they are printed, and its script compiles.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use File::Temp;
use Test::More;

open my $in, '<', $INC{'Net/SCTP.pm'} =~ s/pm$/pod/r or die $!;
my ($synopsis) = do { local $/; <$in> } =~ /^=head1 SYNOPSIS\n(.*?)^=head1/ms;
my @lines = $synopsis =~ /^  (perl .*)$/mg;
is(scalar(@lines), 5, 'five lines');

# What is printed is `perl`; here it is this perl with these libraries.
my $directory = File::Temp->newdir;
{
  open my $perl, '>', "$directory/perl" or die $!;
  print {$perl} "#!/bin/sh\nexec $^X " . join(' ', map { "'-I$_'" } grep { !ref } @INC) . ' "$@"' . "\n";
  chmod 0755, "$directory/perl";
}
$ENV{PATH} = "$directory:$ENV{PATH}";

my ($server, $client, $second, $backend, $options) = @lines;
my $process = open my $served, '-|', "exec $server" or die $!;
# The server is up when a client gets through.
my $up = 0;
for (1 .. 100) {
  my $probe = Net::SCTP->new({ PeerHost => '127.0.0.1', PeerPort => 5556 });
  last if $up = $probe->start_client;
  select undef, undef, undef, 0.05;
}
ok($up, 'the server is up');
is(`$client`, "I am the Server!!\n", 'the client');
is(`$second`, "I am the Server!! on stream 0\n", 'the second client');
kill TERM => $process;
my $said = join '', <$served>;
is(`$backend`, Net::SCTP->backend . "\n", 'the backend');
like(`$options`, qr/^SCTP_NODELAY$/m, 'the options');

my ($script) = $synopsis =~ /^(  use Net::SCTP qw.*)\z/ms;
ok(eval "package Script; my \$compiled = sub { no strict 'vars'; $script }; 1", 'the script compiles') or diag $@;

done_testing;
