# The manual: well formed, with every method and key, and the options of the table.
use strict;
use warnings;
use lib 't/lib';
use SCTPTest;
use B ();
use Pod::Checker;
use Test::More;

my $file = $INC{'Net/SCTP.pm'} =~ s/pm$/pod/r;
my $said = '';
open my $sink, '>', \$said or die $!;
my $checker = Pod::Checker->new(-warnings => 1);
$checker->parse_from_file($file, $sink);
is($checker->num_errors + $checker->num_warnings, 0, 'well formed') or diag $said;

open my $in, '<', $file or die "$file: $!";
my $pod = do { local $/; <$in> };

# Public methods: what Perl has in the package, and was written there.
my %other = map { $_ => 1 } @Net::SCTP::Constants::names, qw(BEGIN DESTROY CLONE_SKIP bootstrap);
no strict 'refs';
my @public = grep { defined &{"Net::SCTP::$_"} && !/^(?:[_(]|E[A-Z])/ && !$other{$_} } sort keys %Net::SCTP::;
@public = grep { B::svref_2object(\&{"Net::SCTP::$_"})->GV->STASH->NAME eq 'Net::SCTP' } @public;
cmp_ok(scalar(@public), '>', 60, 'public methods');
for my $method (@public) {
  ok($pod =~ /^=head2 (?:.*[ ,])?\Q$method\E(?:[(,].*|\s.*)?$/m, "$method has its heading");
}
for my $key (sort keys %{ Net::SCTP->new({}) }) {
  next if $key =~ /^_/;
  ok($pod =~ /^=item (?:.*, )?$key(?:,.*)?$/m, "the key $key is there");
}
ok(index($pod, Net::SCTP::Options::options_pod()) >= 0, 'the list of options is that of the table (perl t/options_pod.pl writes it)');
for my $tag (grep { $_ ne 'all' } sort keys %Net::SCTP::EXPORT_TAGS) {
  ok($pod =~ /C<:$tag>/, "the tag :$tag is there");
}

done_testing;
